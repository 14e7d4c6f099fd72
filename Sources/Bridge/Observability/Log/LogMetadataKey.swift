import AWSCore
import Logging
import Store

/// The names that lines of the log call things by, each always the same. README has the table of them.
enum LogMetadataKey {
    /// The delivery's id: that of the sender behind its kind, for example `sns:22b80b92-…`.
    static let delivery = "delivery"
    /// SNS's id of the message.
    static let messageID = "messageId"
    /// EventBridge's id of the event.
    static let eventID = "eventId"
    /// The topic's ARN.
    static let topic = "topic"
    /// The account that it is about, and the Region.
    static let (account, region) = ("account", "region")
    /// The finding's id.
    static let finding = "finding"
    /// The claim of a token that is not as it has to be.
    static let claim = "claim"
    /// What became of a finding.
    static let result = "result"
    /// What became of a delivery that was received.
    static let outcome = "outcome"
    /// Which attempt at the work on a delivery it is, from 1.
    static let attempt = "attempt"
    /// How long it took, in milliseconds.
    static let milliseconds = "milliseconds"
    /// A command that an operator may run.
    static let command = "command"
    /// Why.
    static let reason = "reason"
    /// A word for why, for programs.
    static let code = "code"
    /// The line that was repeated, how often, and in which time.
    static let (line, repeats, seconds) = ("line", "repeats", "seconds")
}

extension Logger.Metadata {
    /// The account and Region.
    static func about(_ accountRegion: AccountRegion, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        let own: Logger.Metadata = [
            LogMetadataKey.account: .string(accountRegion.account.digits),
            LogMetadataKey.region: .string(accountRegion.region.name),
        ]
        return own.merging(more) { _, more in more }
    }

    /// The delivery, and which attempt it is.
    static func about(_ leased: LeasedDelivery, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var own = Self.about(leased.delivery.accountRegion, more)
        own[LogMetadataKey.delivery] = .string(leased.delivery.id)
        own[LogMetadataKey.attempt] = .string(String(leased.attempt))
        return own
    }
}
