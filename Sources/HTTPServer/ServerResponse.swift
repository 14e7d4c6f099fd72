public import HTTPTypes
public import JSON

/// An answer to a request.
public struct ServerResponse: Sendable {
    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields; `Content-Length`, `Connection` and `Date` are added when it is sent.
    public var headerFields: HTTPFields
    /// The content. It is left out of the answer to a HEAD request, and its length is not.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: HTTPResponse.Status, headerFields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headerFields = headerFields
        self.body = body
    }

    /// An answer of JSON.
    public init(status: HTTPResponse.Status, json: JSON) {
        self.init(status: status, headerFields: [.contentType: "application/json"], body: json.serialized())
    }

    /// A refusal: `{"error": code, "message": message}`.
    ///
    /// - Parameters:
    ///   - code: a word for programs, for example `signature_mismatch`.
    ///   - message: for people: what is wrong and what to do.
    public static func refusal(_ status: HTTPResponse.Status, code: String, message: String) -> ServerResponse {
        ServerResponse(status: status, json: ["error": .string(code), "message": .string(message)])
    }

    /// The answer as bytes (RFC 9112).
    ///
    /// - Parameter date: the time in the form of the `Date` field.
    func encoded(isHead: Bool, closes: Bool, date: String) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256 + body.count)
        func line(_ parts: String...) {
            for part in parts { output.append(contentsOf: part.utf8) }
            output.append(contentsOf: "\r\n".utf8)
        }
        line("HTTP/1.1 ", String(status.code), " ", status.reasonPhrase)
        line("Date: ", date)
        for field in headerFields { line(field.name.rawName, ": ", field.value) }
        // RFC 9110, section 8.6: none of these carries content.
        if status.code != 204, status.code != 304 { line("Content-Length: ", String(body.count)) }
        if closes { line("Connection: close") }
        line()
        if !isHead, status.code != 204, status.code != 304 { output.append(contentsOf: body) }
        return output
    }
}
