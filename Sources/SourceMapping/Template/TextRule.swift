package import JSON

/// A text of a finding: one template, or the first of several whose values are all present.
package struct TextRule: Sendable {
    /// The maximum number of alternatives.
    package static let maximumAlternatives = 16

    private let alternatives: [Template]

    /// - Parameter alternatives: at least one.
    init(_ alternatives: [Template]) { self.alternatives = alternatives }

    /// The text for an item; see ``Template/expand(_:in:limit:)``.
    ///
    /// - Throws: ``ItemError/Reason/missing`` with the first missing path of each alternative.
    package func expand(_ item: JSON, in context: ItemContext, limit: Int) throws(ItemError) -> String {
        var missing: [String] = []
        for template in alternatives {
            do throws(ItemError) {
                return try template.expand(item, in: context, limit: limit)
            } catch {
                missing += error.paths
            }
        }
        throw ItemError(.missing, paths: missing)
    }
}
