import ErrorCodes
public import HTTPTypes

/// Dispatches requests to handlers by path and method.
public struct Router: Sendable {
    /// Handles a request. Runs on the event loop of the request's connection, and must not block it. Check
    /// ``ServerRequest/clientHasLeft`` before expensive work.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    /// Handles a request whose path has variable segments, which are passed percent-decoded.
    public typealias SegmentHandler = @Sendable (ServerRequest, [String]) async -> ServerResponse

    private var routes: [String: [HTTPRequest.Method: Handler]] = [:]
    private var templates: [(template: PathTemplate, methods: [HTTPRequest.Method: SegmentHandler])] = []

    /// The methods of RFC 9110, section 9, except CONNECT, and of RFC 5789. Others are answered with 501.
    private static let knownMethods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .options, .trace, .patch,
    ]

    /// Creates a router without routes.
    public init() {}

    /// Adds a route. A route for GET also handles HEAD.
    ///
    /// - Parameter path: the exact path, for example `/healthz`.
    public mutating func on(_ method: HTTPRequest.Method, _ path: String, handler: @escaping Handler) {
        routes[path, default: [:]][method] = handler
    }

    /// Adds a route for all paths that match a template. A route for GET also handles HEAD. Exact paths take precedence.
    ///
    /// - Parameter template: a path with segments in braces, for example `/things/{id}`.
    public mutating func on(
        _ method: HTTPRequest.Method, template text: String, handler: @escaping SegmentHandler
    ) {
        let template = PathTemplate(text)
        let index = templates.firstIndex { $0.template == template } ?? templates.endIndex
        if index == templates.endIndex { templates.append((template, [:])) }
        templates[index].methods[method] = handler
    }

    /// Responds to a request: by its handler, or with 404, 405 with `Allow`, or 501.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        guard Self.knownMethods.contains(request.head.method) else {
            return .rejection(
                .notImplemented, code: .methodNotImplemented, message: "Unknown method. Use another method.")
        }
        guard let methods = handlers(of: request.path) else {
            return .rejection(.notFound, code: .notFound, message: "No route has this path. Check the path.")
        }
        let method = request.head.method
        guard let handler = methods[method] ?? (method == .head ? methods[.get] : nil) else {
            let allowed = Set(methods.keys.map(\.rawValue) + (methods[.get] == nil ? [] : ["HEAD"])).sorted()
            var response = ServerResponse.rejection(
                .methodNotAllowed, code: .methodNotAllowed,
                message: "Method not allowed for this path. Use \(allowed.joined(separator: ", ")).")
            response.headerFields[.allow] = allowed.joined(separator: ", ")
            return response
        }
        return await handler(request)
    }

    private func handlers(of path: Substring) -> [HTTPRequest.Method: Handler]? {
        if let methods = routes[String(path)] { return methods }
        for (template, methods) in templates {
            guard let segments = template.segments(of: path) else { continue }
            return methods.mapValues { handler in { await handler($0, segments) } }
        }
        return nil
    }
}
