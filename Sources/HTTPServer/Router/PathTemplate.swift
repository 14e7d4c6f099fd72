import Encoding

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
        let segment = PercentEncoding.decode(parts[variableIndex].utf8).flatMap {
            String(validating: $0, as: UTF8.self)
        }
        return segment.flatMap { $0.isEmpty ? nil : $0 }
    }
}
