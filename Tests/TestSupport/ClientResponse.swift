/// An HTTP response as received by a client.
public struct ClientResponse: Sendable {
    /// The status code; 0 if the status line has none.
    public let status: Int
    /// The fields, by lowercase name. Fields with the same name are joined by commas.
    public let fields: [String: String]
    /// The bytes after the fields.
    public var body: [UInt8] = []

    /// - Parameter head: the status line and the fields, with or without the empty line after them.
    public init(head: String) {
        let lines = head.split(separator: "\r\n")
        status = lines.first.flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) } ?? 0
        fields = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: ":").map { (line[..<$0].lowercased(), String(line[$0...].dropFirst(2))) }
            }, uniquingKeysWith: { "\($0), \($1)" })
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }
}

extension ClientSocket {
    /// Reads one response with `Content-Length`, and no bytes after it; nil if the connection ends before.
    ///
    /// - Parameter hasBody: false for the response to a HEAD request.
    public func readResponse(hasBody: Bool = true) -> ClientResponse? {
        guard let head = read(through: "\r\n\r\n") else { return nil }
        var answer = ClientResponse(head: String(decoding: head, as: UTF8.self))
        if hasBody, let length = answer.fields["content-length"].flatMap({ Int($0) }) { answer.body = read(length) }
        return answer
    }
    /// Reads one chunk of a chunked response, and no bytes after it; empty for the last chunk, nil if it is incomplete.
    public func readChunk() -> [UInt8]? {
        guard let line = read(through: "\r\n"),
            let length = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16)
        else { return nil }
        let chunk = read(length + 2)
        return chunk.count == length + 2 && chunk.suffix(2).elementsEqual("\r\n".utf8) ? chunk.dropLast(2) : nil
    }

    /// Reads up to and including a terminator; nil if the connection ends before.
    private func read(through end: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        while !bytes.suffix(end.utf8.count).elementsEqual(end.utf8) {
            let byte = read(1)
            if byte.isEmpty { return nil }
            bytes += byte
        }
        return bytes
    }
}
