package import AWSCore
package import DeviceDefender
package import Encoding
import JSON
import SecurityFindings
package import Store

/// The last suppression of the audit findings of a resource, or its deletion.
package struct SuppressionDisposition: Sendable, Hashable {
    /// What is suppressed, see `FindingID.suppression`.
    package let subject: String
    /// The account and Region of the findings.
    package let accountRegion: AccountRegion
    /// When it was created, changed or deleted.
    package let time: Timestamp
    /// Whether the suppression exists; false after its deletion.
    package let isSuppressed: Bool
    /// When the suppression expires; nil if it does not.
    package var expiresAt: Timestamp?
    /// Whether the findings have been updated since it expired.
    package var isSettled = false

    /// How long it is kept after its end if it concerns no finding: Device Defender keeps audit findings for 90
    /// days.
    private static let retention = Duration.seconds(90 * 86_400)

    /// Whether findings are suppressed at a time.
    package func suppresses(at now: Timestamp) -> Bool { isSuppressed && expiresAt.map { now < $0 } ?? true }

    /// Whether it expired between two times.
    package func ended(after time: Timestamp, by now: Timestamp) -> Bool {
        guard isSuppressed, let expiresAt else { return false }
        return expiresAt > time && expiresAt <= now
    }

    /// Whether it supersedes another one of the same subject: the later one wins. CloudTrail has times in seconds:
    /// within one second, the one that shows more findings wins, because a finding that is hidden by mistake is missed.
    package func isNewer(than other: Self?) -> Bool {
        guard let other else { return true }
        if time != other.time { return time > other.time }
        if isSuppressed != other.isSuppressed { return !isSuppressed }
        return expiresAt ?? .latest < other.expiresAt ?? .latest
    }

    /// Creates a disposition.
    package init(
        subject: String, accountRegion: AccountRegion, time: Timestamp, isSuppressed: Bool, expiresAt: Timestamp? = nil,
        isSettled: Bool = false
    ) {
        self.subject = subject
        self.accountRegion = accountRegion
        self.time = time
        self.isSuppressed = isSuppressed
        self.expiresAt = expiresAt
        self.isSettled = isSettled
    }
}

extension SuppressionDisposition {
    /// An existing suppression, from an event or from AWS IoT's list.
    package init(_ suppression: AuditSuppression, accountRegion: AccountRegion, time: Timestamp) {
        self.init(
            subject: FindingID.suppression(
                check: suppression.check, resource: suppression.resource, accountRegion: accountRegion),
            accountRegion: accountRegion, time: time, isSuppressed: true,
            expiresAt: suppression.suppressIndefinitely == true ? nil : suppression.expirationDate)
    }

    private static let (suppressedKey, expiryKey) = ("isSuppressed", "expiresAt")

    /// Parses a stored disposition; nil if it is of another kind.
    package init?(_ disposition: Disposition) {
        guard let json = try? JSON(parsing: disposition.content), let isSuppressed = json[Self.suppressedKey]?.bool
        else {
            return nil
        }
        subject = disposition.subject
        accountRegion = disposition.accountRegion
        time = disposition.time
        self.isSuppressed = isSuppressed
        expiresAt = json[Self.expiryKey]?.integer.map { Timestamp(milliseconds: $0) }
        isSettled = disposition.dueAt == nil
    }

    /// The form for the store.
    package var disposition: Disposition {
        var content: JSON.Members = [UTF8Text(Self.suppressedKey): .bool(isSuppressed)]
        content[Self.expiryKey] = expiresAt.map { .integer($0.milliseconds) }
        let end = isSuppressed ? expiresAt : time
        return Disposition(
            subject: subject, accountRegion: accountRegion, time: time,
            dueAt: isSuppressed && !isSettled ? expiresAt : nil,
            keepUntil: end.map { max($0, time) + Self.retention },
            content: JSON.object(content).serialized())
    }
}
