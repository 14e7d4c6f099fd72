/// An HTTP answer as a client sees it.
public struct Answer: Sendable {
    /// The status code; 0 if the status line has none.
    public let status: Int
    /// By name in lower case; several fields of one name are joined by commas.
    public let fields: [String: String]
    /// What came behind the fields.
    public var body: [UInt8] = []

    /// - Parameter head: the status line and the fields, with or without the empty line behind them.
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
    /// Reads one answer whose length its fields tell, and nothing behind it; nil if the connection ends before.
    ///
    /// - Parameter hasBody: false for the answer to a HEAD request.
    public func readAnswer(hasBody: Bool = true) -> Answer? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let byte = read(1)
            if byte.isEmpty { return nil }
            head += byte
        }
        var answer = Answer(head: String(decoding: head, as: UTF8.self))
        if hasBody, let length = answer.fields["content-length"].flatMap({ Int($0) }) { answer.body = read(length) }
        return answer
    }
}
