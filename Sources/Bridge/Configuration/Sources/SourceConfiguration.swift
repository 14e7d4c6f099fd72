package import AWSCore
package import Intake
package import SNS
package import SourceMapping

/// The settings of a mapped source: `sources.NAME`.
package struct SourceConfiguration: Sendable {
    /// The accounts whose events a source accepts.
    package enum EventAccounts: Sendable, Hashable {
        /// The accounts and Regions of `sns.topics`.
        case all
        /// These accounts.
        case listed(Set<AccountID>)
    }

    /// The route `POST /webhooks/NAME`.
    package struct Webhook: Sendable {
        /// Whose findings the items become.
        package let accountRegion: AccountRegion
        /// How senders authenticate.
        package let authentication: WebhookAuthentication
    }

    /// The name: lowercase letters, digits and dashes.
    package let name: String
    /// `mapping`
    package let mapping: MappingFile
    /// `topics`
    package let topics: TopicPolicy
    /// `events`: an event is accepted if one of the patterns matches.
    package let events: [EventPattern]
    /// `accounts`; nil without `events`.
    package let eventAccounts: EventAccounts?
    /// `webhook`
    package let webhook: Webhook?
    /// `rateLimit`, in items per second; nil for no limit.
    package let rateLimit: Int?
    /// `expireAfter`; nil for never.
    package let expireAfter: Duration?
    /// `deviceAttribute`; nil for the default.
    package let deviceAttribute: String?

    /// Whether a text is a valid name: 1 to 64 lowercase letters, digits and dashes.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
