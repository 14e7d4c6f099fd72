/// A path with one variable segment, for example `/things/{id}`.
struct PathTemplate: Equatable {
    private let segments: [Substring]
    private let variableIndex: Int

    /// Parses a template.
    ///
    /// - Precondition: one segment is a name in braces.
    init(_ text: String) {
        segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let variableIndex = segments.firstIndex(where: { $0.hasPrefix("{") && $0.hasSuffix("}") }) else {
            preconditionFailure("no segment of the path is in braces")
        }
        self.variableIndex = variableIndex
    }

    /// The variable segment of a path, percent-decoded (RFC 3986, section 2.1).
    ///
    /// - Returns: nil if the path does not match, or the segment is empty or not UTF-8.
    func segment(of path: Substring) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == segments.count else { return nil }
        for (index, part) in parts.enumerated() where index != variableIndex && part != segments[index] { return nil }
        return Self.decoded(parts[variableIndex]).flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(HTTPGrammar.hexDigit),
                let low = rest.popFirst().flatMap(HTTPGrammar.hexDigit)
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
