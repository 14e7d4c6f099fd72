package import AWSCore
import Encoding
package import SNS
package import SourceMapping
import Store

/// A mapped source as intake needs it: what turns its messages into deliveries.
package struct MappedSource: Sendable {
    /// The source's name.
    package let name: String
    /// Splits messages into items.
    package let mapping: Mapping
    /// Limits items; nil for no limit.
    package let rateLimit: ItemRateLimiter?

    /// Creates a source.
    package init(name: String, mapping: Mapping, rateLimit: ItemRateLimiter?) {
        self.name = name
        self.mapping = mapping
        self.rateLimit = rateLimit
    }

    /// Whether the rate limit allows a number of items.
    func allows(_ count: Int) -> Bool { rateLimit?.allows(count) ?? true }

    /// The deliveries of items.
    ///
    /// - Parameters:
    ///   - now: the time of receipt.
    ///   - id: returns the id of the item with an index.
    func deliveries(
        of items: SourceItems, in accountRegion: AccountRegion, by channel: Delivery.Channel, at now: Timestamp,
        id: (_ index: Int) -> String
    ) -> [Delivery] {
        items.payloads.enumerated().map { index, payload in
            Delivery(
                id: id(index), accountRegion: accountRegion, source: name, channel: channel, receivedAt: now,
                payload: payload)
        }
    }

    /// The id of an item of a message with an id of its own: that of the message, with the item's index after the first.
    static func itemID(_ message: String, index: Int) -> String { index == 0 ? message : "\(message):\(index)" }
}

/// The topics of a mapped source.
package struct TopicSource: Sendable {
    /// The source.
    package let source: MappedSource
    /// Verifies the messages of the source's topics.
    package let verifier: SNSVerifier

    /// Creates the topics of a source.
    package init(source: MappedSource, verifier: SNSVerifier) {
        self.source = source
        self.verifier = verifier
    }
}

/// The events of a mapped source.
package struct EventSource: Sendable {
    /// Whose events are accepted.
    package enum Accounts: Sendable, Hashable {
        /// These accounts in these Regions.
        case accountRegions(Set<AccountRegion>)
        /// These accounts in all Regions.
        case accounts(Set<AccountID>)

        /// Whether an account and Region is among them.
        func contains(_ accountRegion: AccountRegion) -> Bool {
            switch self {
            case .accountRegions(let served): served.contains(accountRegion)
            case .accounts(let accounts): accounts.contains(accountRegion.account)
            }
        }
    }

    /// The source.
    package let source: MappedSource
    /// An event is the source's if one of them matches.
    package let patterns: [EventPattern]
    /// Whose events are accepted.
    package let accounts: Accounts

    /// Creates the events of a source.
    package init(source: MappedSource, patterns: [EventPattern], accounts: Accounts) {
        self.source = source
        self.patterns = patterns
        self.accounts = accounts
    }
}
