import ErrorCodes
public import HTTPTypes

/// Finds the handler of a request by its path and method.
public struct Router: Sendable {
    /// Answers a request. Runs on the event loop of the request's connection, and must not block it.
    /// Before costly work, look at ``ServerRequest/clientHasLeft``.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    /// Answers a request for a path of which a segment may be anything; that segment is given, percent-decoded.
    public typealias SegmentHandler = @Sendable (ServerRequest, String) async -> ServerResponse

    private var routes: [String: [HTTPRequest.Method: Handler]] = [:]
    private var templates: [(template: PathTemplate, methods: [HTTPRequest.Method: SegmentHandler])] = []

    /// The methods of RFC 9110, section 9, without CONNECT, and of RFC 5789: others are not implemented here.
    private static let knownMethods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .options, .trace, .patch,
    ]

    /// Makes a router without routes.
    public init() {}

    /// Adds a route. A route for GET answers HEAD, too.
    ///
    /// - Parameter path: the exact path, for example `/healthz`.
    public mutating func on(_ method: HTTPRequest.Method, _ path: String, handler: @escaping Handler) {
        routes[path, default: [:]][method] = handler
    }

    /// Adds a route for each path that a template stands for. A route for GET answers HEAD, too, and exact paths count
    /// first.
    ///
    /// - Parameter template: a path of which one segment is a name in braces, for example `/things/{id}`.
    public mutating func on(
        _ method: HTTPRequest.Method, template text: String, handler: @escaping SegmentHandler
    ) {
        let template = PathTemplate(text)
        let index = templates.firstIndex { $0.template == template } ?? templates.endIndex
        if index == templates.endIndex { templates.append((template, [:])) }
        templates[index].methods[method] = handler
    }

    /// Answers a request: by its handler, or with 404, 405 with `Allow`, or 501.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        guard Self.knownMethods.contains(request.head.method) else {
            return .rejection(
                .notImplemented, code: .methodNotImplemented, message: "This method is not known here.")
        }
        guard let methods = handlers(of: request.path) else {
            return .rejection(.notFound, code: .notFound, message: "There is nothing at this path.")
        }
        let method = request.head.method
        guard let handler = methods[method] ?? (method == .head ? methods[.get] : nil) else {
            let allowed = Set(methods.keys.map(\.rawValue) + (methods[.get] == nil ? [] : ["HEAD"])).sorted()
            var response = ServerResponse.rejection(
                .methodNotAllowed, code: .methodNotAllowed,
                message: "This path takes \(allowed.joined(separator: ", ")) only.")
            response.headerFields[.allow] = allowed.joined(separator: ", ")
            return response
        }
        return await handler(request)
    }

    private func handlers(of path: Substring) -> [HTTPRequest.Method: Handler]? {
        if let methods = routes[String(path)] { return methods }
        for (template, methods) in templates {
            guard let segment = template.segment(of: path) else { continue }
            return methods.mapValues { handler in { await handler($0, segment) } }
        }
        return nil
    }
}
