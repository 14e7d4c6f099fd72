public import ErrorCodes
public import HTTPTypes
public import JSON

/// An answer to a request.
public struct ServerResponse: Sendable {
    /// Writes an answer's content; the content is whole when it returns. It runs on the event loop of the request's
    /// connection, must not block it, and is not called for HEAD.
    ///
    /// Its task is canceled when the client has left and when the server is drained. What it throws cuts the answer off,
    /// in a way that the client notices.
    public typealias Stream = @Sendable (ResponseWriter) async throws -> Void

    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields. `Connection`, `Content-Length`, `Date`, `Server`, `Transfer-Encoding` and `X-Request-Id` are
    /// the server's own: it adds what is needed, and leaves these out of what a handler gives.
    public var headerFields: HTTPFields
    /// The content. It is left out of the answer to a HEAD request, and its length is not.
    public var body: [UInt8]
    /// Writes the content piece by piece, in place of ``body``; nil if the content is the body.
    public var stream: Stream?
    /// What the log is to say of the answer beside what the server knows, by name; none of it is sent.
    public var details: [(name: String, value: String)] = []

    /// Makes an answer.
    public init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headerFields = headerFields
        self.body = body
    }

    /// Makes an answer whose content is written piece by piece. Its client must not end its side of the connection before:
    /// that is taken for its leaving.
    public init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], stream: @escaping Stream) {
        self.init(status: status, headerFields: headerFields)
        self.stream = stream
    }

    /// An answer of JSON.
    public init(status: HTTPResponse.Status, json: JSON) {
        // A browser that is led here must not take JSON for something else.
        self.init(
            status: status, headerFields: [.contentType: "application/json", .xContentTypeOptions: "nosniff"],
            body: json.serialized())
    }

    /// A refusal: `{"error": code, "message": message}`.
    ///
    /// - Parameters:
    ///   - code: a word for programs, for example `signature_mismatch`.
    ///   - message: for people: what is wrong and what to do.
    public static func rejection(_ status: HTTPResponse.Status, code: ErrorCode, message: String) -> ServerResponse {
        assert(code.documentation.statuses.contains(status.code), "\(code) is not documented for \(status.code)")
        return ServerResponse(status: status, json: ["error": .string(code.rawValue), "message": .string(message)])
    }

    /// Those that only the server can know; a handler's own are left out.
    private static let serverFields: [HTTPField.Name] =
        [.connection, .contentLength, .date, .server, .transferEncoding]
        + [HTTPField.Name("X-Request-Id")].compactMap(\.self)

    /// Whether its status lets it carry content (RFC 9110, section 8.6).
    var mayHaveContent: Bool { status.code != 204 && status.code != 304 }

    /// The answer as bytes (RFC 9112); of an answer that is streamed what stands before the content.
    ///
    /// - Parameters:
    ///   - takesChunks: whether the client knows chunks. For one that does not, content that is streamed ends with the
    ///     connection.
    ///   - fields: the server's own.
    func encoded(isHead: Bool, closes: Bool, takesChunks: Bool, _ fields: DefaultResponseFields) -> [UInt8] {
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
        if hasContent, stream != nil, takesChunks { addField("Transfer-Encoding", "chunked") }
        if closes { addField("Connection", "close") }
        add("\r\n")
        if hasContent, !isHead { output.append(contentsOf: body) }
        return output
    }
}
