/// The product fields of mapped findings from which the ledger can be rebuilt.
package enum ProductField {
    /// The name of the source.
    package static let source = "defender-bridge/source"
    /// The group, if the finding has one.
    package static let group = "defender-bridge/group"
    /// When the state changed, if the item says so, in ISO 8601.
    package static let time = "defender-bridge/time"
}
