package import AWSCore
package import Encoding

/// What is known about an item apart from its content.
package struct ItemContext: Sendable {
    /// The source's name: lowercase ASCII letters, digits and dashes.
    package let source: String
    /// The account and Region that the transport proves; nothing in the item changes it.
    package let accountRegion: AccountRegion
    /// When the item was received.
    package let receivedAt: Timestamp

    /// Makes a context.
    package init(source: String, accountRegion: AccountRegion, receivedAt: Timestamp) {
        self.source = source
        self.accountRegion = accountRegion
        self.receivedAt = receivedAt
    }
}
