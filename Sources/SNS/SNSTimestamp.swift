public import Encoding
import ErrorCodes

/// Parses the timestamps of messages and checks their age.
public enum SNSTimestamp {
    /// The allowed clock skew.
    public static let allowedSkew = Duration.seconds(300)

    /// Parses a time of the form `2026-11-22T10:00:00.123Z` (ISO 8601, UTC). The fraction is optional and has up to nine digits,
    /// of which the first three are used.
    ///
    /// - Returns: nil for any other form and for dates that do not exist.
    public static func parse(_ text: String) -> Timestamp? { Timestamp(iso8601: text, accepting: []) }

    /// Checks that a message is not from the future and not older than SNS retries, against replays of captured messages. Clock
    /// skew is allowed in both directions.
    ///
    /// A genuine message fails this check if this machine's clock is wrong, so the error is `unavailable`: after a 4xx, SNS would
    /// discard the message.
    ///
    /// - Parameter maximumAge: SNS retries for at most an hour.
    /// - Throws: ``SNSError`` with the code `message_too_old` or `message_from_future`.
    public static func check(publishedAt: Timestamp, now: Timestamp, maximumAge: Duration) throws(SNSError) {
        let age = now - publishedAt
        if age > maximumAge + allowedSkew {
            throw .unavailable(
                .messageTooOld,
                "Message too old: published more than \(maximumAge.components.seconds) seconds ago. Check this machine's clock."
            )
        }
        if age < .zero - allowedSkew {
            throw .unavailable(
                .messageFromFuture,
                "Message from the future: published more than \(allowedSkew.components.seconds) seconds ahead. Check this machine's clock."
            )
        }
    }
}
