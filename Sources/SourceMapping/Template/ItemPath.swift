package import JSON

/// A path into an item, or several of which the first with a value counts.
package struct ItemPath: Sendable {
    /// The maximum number of alternatives.
    static let maximumAlternatives = 16

    /// At least one.
    let alternatives: [JSONPath]

    /// Parses a path.
    package init(parsing text: String) throws(JSONPathError) { alternatives = [try JSONPath(parsing: text)] }

    /// - Parameter alternatives: at least one path.
    init(_ alternatives: [JSONPath]) { self.alternatives = alternatives }

    /// The paths as configured, for error messages.
    package var text: String { alternatives.map(\.description).joined(separator: " or ") }

    /// The texts of the selected values. Missing values are left out; see ``JSON/JSON/scalarText``.
    func texts(in item: JSON) -> [String] {
        for path in alternatives {
            let texts = path.texts(in: item)
            if !texts.isEmpty { return texts }
        }
        return []
    }

    /// The text of the only value that is selected and not missing; nil if there is none.
    ///
    /// - Throws: ``ItemError/Reason/several`` for more than one.
    package func optionalValue(in item: JSON) throws(ItemError) -> String? {
        let texts = texts(in: item)
        guard texts.count <= 1 else { throw ItemError(.several, paths: [text]) }
        return texts.first
    }

    /// The text of the only value that is selected and not missing.
    ///
    /// - Throws: ``ItemError/Reason/missing`` if there is none, ``ItemError/Reason/several`` for more than one.
    package func value(in item: JSON) throws(ItemError) -> String {
        guard let value = try optionalValue(in: item) else { throw ItemError(.missing, paths: [text]) }
        return value
    }
}

extension JSONPath {
    /// The texts of the selected values that are not missing; see ``JSON/JSON/scalarText``.
    func texts(in item: JSON) -> [String] { nodes(in: item).compactMap(\.scalarText) }
}

extension JSON {
    /// The text of a value: a string that is not empty, a number as written, `true` or `false`. Nil for what counts as
    /// missing: null, the empty string, an array and an object.
    package var scalarText: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
