package import JSON

/// A text with values of an item: `Alarm {$.name} at {$.site|upper}`.
///
/// `{path}` is the value at a path. A string stands for itself, a number for its JSON text, a boolean for `true` or
/// `false`. Null, the empty string, arrays and objects are missing; if a path has no other value, the template has no
/// result. `{{` and `}}` are braces. Spaces around paths and filters are ignored. `{account}`, `{region}`,
/// `{partition}` and `{source}` are what is known about the item apart from its content.
///
/// Filters follow the path and apply in order:
/// - `|upper` and `|lower` change the case.
/// - `|cut:40` keeps the first 40 Unicode scalars.
/// - `|join:", "` joins several values, in single or double quotes; `\` escapes a quote or a backslash. Filters ahead
///   of it change each value, later ones the joined text. Without it, values are joined by a comma and a space ahead
///   of all filters.
package struct Template: Sendable {
    /// A part of a template.
    enum Piece: Sendable {
        case text(String)
        case context(ContextValue)
        case value(Placeholder)
    }

    /// The values at a path, and how they become one text.
    struct Placeholder: Sendable {
        let path: ItemPath
        /// The filters that change each value.
        var each: [TextFilter] = []
        var separator = ", "
        /// The filters that change the joined values.
        var joined: [TextFilter] = []
    }

    private let pieces: [Piece]

    init(pieces: [Piece]) { self.pieces = pieces }

    /// The text for an item. It is never empty unless the limit is below 1.
    ///
    /// Takes time linear in the item and, for each placeholder, the limit.
    ///
    /// - Parameter limit: the maximum length in Unicode scalars; a longer text is truncated while it is built.
    /// - Throws: ``ItemError/Reason/missing`` with the first path that has no value, also if the text is truncated
    ///   ahead of it.
    package func expand(_ item: JSON, in context: ItemContext, limit: Int) throws(ItemError) -> String {
        var result = BoundedText(limit: limit)
        for piece in pieces {
            switch piece {
            case .text(let text): result.append(text)
            case .context(let name): result.append(context[name])
            case .value(let placeholder):
                let values = placeholder.path.texts(in: item)
                guard !values.isEmpty else { throw ItemError(.missing, paths: [placeholder.path.text]) }
                placeholder.append(values, to: &result)
            }
        }
        return result.text
    }
}

extension Template.Placeholder {
    /// Appends the text of values.
    fileprivate func append(_ values: [String], to result: inout BoundedText) {
        guard !joined.isEmpty else { return join(values, to: &result) }
        var text = BoundedText(limit: result.remaining)
        join(values, to: &text)
        result.append(joined.apply(to: text.text, limit: result.remaining))
    }

    private func join(_ values: [String], to result: inout BoundedText) {
        for (index, value) in values.enumerated() {
            guard !result.isFull else { return }
            if index > 0 { result.append(separator) }
            result.append(each.apply(to: value, limit: result.remaining))
        }
    }
}
