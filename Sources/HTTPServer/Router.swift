public import HTTPTypes

/// Finds the handler of a request by its path and method.
public struct Router: Sendable {
    /// Answers a request. Runs on the event loop of the request's connection, and must not block it.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    private var routes: [String: [HTTPRequest.Method: Handler]] = [:]

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

    /// Answers a request: by its handler, or with 404, 405 with `Allow`, or 501.
    public func respond(to request: ServerRequest) async -> ServerResponse {
        guard Self.knownMethods.contains(request.head.method) else {
            return .refusal(.notImplemented, code: "method_not_implemented", message: "This method is not known here.")
        }
        guard let methods = routes[String(request.path)] else {
            return .refusal(.notFound, code: "not_found", message: "There is nothing at this path.")
        }
        let method = request.head.method
        guard let handler = methods[method] ?? (method == .head ? methods[.get] : nil) else {
            let allowed = Set(methods.keys.map(\.rawValue) + (methods[.get] == nil ? [] : ["HEAD"])).sorted()
            var response = ServerResponse.refusal(
                .methodNotAllowed, code: "method_not_allowed",
                message: "This path takes \(allowed.joined(separator: ", ")) only.")
            response.headerFields[.allow] = allowed.joined(separator: ", ")
            return response
        }
        return await handler(request)
    }
}
