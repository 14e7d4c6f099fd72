public import ErrorCodes
public import HTTPTypes
public import JSON

/// A response to a request.
public struct ServerResponse: Sendable {
    /// Writes the content of a streaming response; the content is complete when it returns. It runs on the event loop of the
    /// request's connection, must not block it, and is not called for HEAD.
    ///
    /// Its task is canceled when the client disconnects and when the server is drained. If it throws, the response is aborted
    /// such that the client notices.
    public typealias Stream = @Sendable (ResponseWriter) async throws -> Void

    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields. The server itself sets `Connection`, `Content-Length`, `Date`, `Server`, `Transfer-Encoding` and
    /// `X-Request-Id`, and ignores a handler's.
    public var headerFields: HTTPFields
    /// The content. The response to a HEAD request omits it, but not its length.
    public var body: [UInt8]
    /// Writes the content of a streaming response, instead of ``body``; nil if it is not streamed.
    public var stream: Stream?

    /// Creates a response.
    public init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headerFields = headerFields
        self.body = body
    }

    /// Creates a streaming response. A client that half-closes the connection counts as disconnected.
    public init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], stream: @escaping Stream) {
        self.init(status: status, headerFields: headerFields)
        self.stream = stream
    }

    /// Creates a JSON response.
    public init(status: HTTPResponse.Status, json: JSON) {
        // Browsers must not sniff another content type.
        self.init(
            status: status, headerFields: [.contentType: "application/json", .xContentTypeOptions: "nosniff"],
            body: json.serialized())
    }

    /// Creates an error response: `{"error": code, "message": message}`.
    ///
    /// - Parameters:
    ///   - code: the error code; its documentation has the status.
    ///   - message: what failed, why, and what to do, for operators.
    public static func rejection(_ status: HTTPResponse.Status, code: ErrorCode, message: String) -> ServerResponse {
        assert(code.documentation.statuses.contains(status.code), "\(code) is not documented for \(status.code)")
        return ServerResponse(status: status, json: ["error": .string(code.rawValue), "message": .string(message)])
    }

    /// The response to a request whose client disconnected before it was handled.
    public static let abandoned = rejection(
        .serviceUnavailable, code: .clientLeft,
        message: "Client disconnected: the connection was closed before the request was handled. Retry.")

    /// Creates an error response with status 503 and `Retry-After`: the client should repeat the request after ten seconds.
    ///
    /// - Parameters:
    ///   - code: the error code; its documentation has the status.
    ///   - message: what failed, why, and what to do, for operators.
    public static func unavailable(code: ErrorCode, message: String) -> ServerResponse {
        var response = rejection(.serviceUnavailable, code: code, message: message)
        response.headerFields[.retryAfter] = "10"
        return response
    }

    /// The fields that the server sets itself; a handler's are ignored.
    private static let serverFields: [HTTPField.Name] =
        [.connection, .contentLength, .date, .server, .transferEncoding]
        + [HTTPField.Name("X-Request-Id")].compactMap(\.self)

    /// Whether the status allows content (RFC 9110, section 8.6).
    var mayHaveContent: Bool { status.code != 204 && status.code != 304 }

    /// Encodes the response (RFC 9112); of a streaming response, only the head.
    ///
    /// - Parameters:
    ///   - supportsChunks: whether the client supports chunks. If not, streamed content ends with the connection.
    ///   - fields: the fields that the server adds.
    func encoded(isHead: Bool, closes: Bool, supportsChunks: Bool, _ fields: DefaultResponseFields) -> [UInt8] {
        let hasContent = mayHaveContent
        var output: [UInt8] = []
        output.reserveCapacity(256 + (hasContent && !isHead ? body.count : 0))
        func add(_ text: String) { output.append(contentsOf: text.utf8) }
        func addField(_ name: String, _ value: String) {
            add(name)
            add(": ")
            add(value)
            add("\r\n")
        }
        add("HTTP/1.1 ")
        add(String(status.code))
        add(" ")
        add(status.reasonPhrase)
        add("\r\n")
        addField("Date", fields.date)
        if let server = fields.server { addField("Server", server) }
        if let id = fields.requestID { addField("X-Request-Id", id) }
        for field in headerFields where !Self.serverFields.contains(field.name) {
            addField(field.name.rawName, field.value)
        }
        if hasContent, stream == nil { addField("Content-Length", String(body.count)) }
        if hasContent, stream != nil, supportsChunks { addField("Transfer-Encoding", "chunked") }
        if closes { addField("Connection", "close") }
        add("\r\n")
        if hasContent, !isHead { output.append(contentsOf: body) }
        return output
    }
}
