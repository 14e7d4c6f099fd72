/// A path to values in a JSON document: a strict subset of JSONPath (RFC 9535).
///
/// | segment | selects |
/// |---|---|
/// | `.name`, `['any name']`, `["any name"]` | the member of an object |
/// | `[0]`, `[-1]` | the element of an array, from its start or its end |
/// | `[*]` | all elements of an array |
/// | `[?@.name == 'text']`, `[?@.list[0] != 1]` | the elements of an array for which the comparison is true |
///
/// Every path that is accepted means what RFC 9535 says, except that `[*]` and filters select nothing from an object:
/// the members of an object have no order. A filter compares a value in the element with a string, a number, `true`,
/// `false` or `null`. As the RFC says, `!=` is also true if the element has no such value. Numbers are compared by
/// their exact decimal value, so that `1 == 1.0`, and large integers that differ are never equal; a number in a
/// document whose exponent is not within ±1,000,000,000 is not equal to any literal.
///
/// A path is parsed once and evaluated often. Every segment leads one level down, so an evaluation visits each value of
/// the document at most once: its cost is linear in the number of values times the length of the longest filter.
package struct JSONPath: Sendable, CustomStringConvertible {
    /// The maximum length of a path in UTF-8 bytes.
    package static let maximumLength = 1024
    /// The maximum number of segments of a path, and of the path in a filter: the default depth of ``JSON/JSONLimits``.
    package static let maximumSegments = 32
    /// The maximum number of nodes that ``nodes(in:limit:)`` returns by default.
    package static let maximumNodes = 1000

    /// The path as written.
    package let description: String
    let segments: [JSONPathSegment]

    /// `$`: the whole document.
    static let root = JSONPath(segments: [], description: "$")

    private init(segments: [JSONPathSegment], description: String) {
        self.segments = segments
        self.description = description
    }

    /// Parses a path.
    ///
    /// - Throws: ``JSONPathError``, with the position of the first error. Features of RFC 9535 that are not supported
    ///   have errors of their own.
    package init(parsing text: String) throws(JSONPathError) {
        guard text.utf8.count <= Self.maximumLength else {
            throw JSONPathError(
                column: 1, problem: "The path is longer than \(Self.maximumLength) bytes", fix: "Write a shorter path.")
        }
        var parser = JSONPathParser(text)
        segments = try parser.parsePath()
        description = text
    }
}
