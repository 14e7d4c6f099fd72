package import AWSCore
package import Encoding
package import SecurityFindings

/// What is known about an item apart from its content.
package struct ItemContext: Sendable {
    /// The source's name: lowercase ASCII letters, digits and dashes.
    package let source: String
    /// The account and Region that the transport proves; nothing in the item changes it.
    package let accountRegion: AccountRegion
    /// When the item was received.
    package let receivedAt: Timestamp
    /// The configured severities, matched against the name of the item's group; they override that of the mapping.
    package let severities: SeverityRules

    /// Makes a context.
    package init(
        source: String, accountRegion: AccountRegion, receivedAt: Timestamp, severities: SeverityRules = .none
    ) {
        self.source = source
        self.accountRegion = accountRegion
        self.receivedAt = receivedAt
        self.severities = severities
    }
}
