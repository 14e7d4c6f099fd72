import Encoding

/// A path with variable segments, for example `/things/{id}`.
struct PathTemplate: Equatable {
    private let segments: [Substring]

    /// Parses a template.
    ///
    /// - Precondition: at least one segment is a name in braces.
    init(_ text: String) {
        segments = text.split(separator: "/", omittingEmptySubsequences: false)
        precondition(segments.contains(where: Self.isVariable), "no segment of the path is in braces")
    }

    private static func isVariable(_ segment: Substring) -> Bool { segment.hasPrefix("{") && segment.hasSuffix("}") }

    /// The variable segments of a path in order, percent-decoded (RFC 3986, section 2.1).
    ///
    /// - Returns: nil if the path does not match, or a segment is empty or not UTF-8.
    func segments(of path: Substring) -> [String]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == segments.count else { return nil }
        var found: [String] = []
        for (part, segment) in zip(parts, segments) {
            if Self.isVariable(segment) {
                let decoded = PercentEncoding.decode(part.utf8).flatMap { String(validating: $0, as: UTF8.self) }
                guard let decoded, !decoded.isEmpty else { return nil }
                found.append(decoded)
            } else if part != segment {
                return nil
            }
        }
        return found
    }
}
