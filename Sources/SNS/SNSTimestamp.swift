import Encoding
import ErrorCodes

/// Parses the timestamps of messages and checks their age.
public enum SNSTimestamp {
    /// The allowed clock skew, in milliseconds.
    public static let allowedSkew: Int64 = 300_000

    /// Parses a time of the form `2026-11-22T10:00:00.123Z` (ISO 8601, UTC). The fraction is optional and has up to nine digits,
    /// of which the first three are used.
    ///
    /// - Returns: milliseconds since 1970; nil for any other form and for dates that do not exist.
    public static func milliseconds(_ text: String) -> Int64? {
        Timestamp(iso8601: text, accepting: [])?.milliseconds
    }

    /// Checks that a message is not from the future and not older than SNS retries, against replays of captured messages. Clock
    /// skew is allowed in both directions.
    ///
    /// A genuine message fails this check if this machine's clock is wrong, so the error is `unavailable`: after a 4xx, SNS would
    /// discard the message.
    ///
    /// - Parameters:
    ///   - publishedAt: milliseconds since 1970.
    ///   - now: milliseconds since 1970.
    ///   - maximumAge: milliseconds. SNS retries for at most an hour.
    /// - Throws: ``SNSError`` with the code `message_too_old` or `message_from_future`.
    public static func check(publishedAt: Int64, now: Int64, maximumAge: Int64) throws(SNSError) {
        let (age, overflow) = now.subtractingReportingOverflow(publishedAt)
        let (oldest, isEndless) = maximumAge.addingReportingOverflow(allowedSkew)
        if overflow ? now > publishedAt : (!isEndless && age > oldest) {
            throw .unavailable(
                .messageTooOld,
                "Message too old: published more than \(maximumAge / 1000) seconds ago. Check this machine's clock.")
        }
        if overflow || age < -allowedSkew {
            throw .unavailable(
                .messageFromFuture,
                "Message from the future: published more than \(allowedSkew / 1000) seconds ahead. Check this machine's clock."
            )
        }
    }
}
