import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// Whether the audit findings of a resource are suppressed, as people last said it.
struct SuppressionDisposition: Sendable, Hashable {
    /// What is suppressed, see `FindingID.suppression`.
    let subject: String
    let accountRegion: AccountRegion
    /// When it was said.
    let time: Timestamp
    /// Whether there is a suppression; false once it was deleted.
    let isSuppressed: Bool
    /// When the suppression ends by itself; nil if it does not.
    var expiresAt: Timestamp?
    /// Whether the findings have been looked at again since it ended.
    var isSettled = false

    /// How long it is kept after its end without any finding that it concerns, in milliseconds: Device Defender keeps
    /// audit findings for 90 days.
    private static let afterlife: Int64 = 90 * 86_400_000

    /// Whether findings are suppressed at a time.
    func suppresses(at now: Timestamp) -> Bool { isSuppressed && expiresAt.map { now < $0 } ?? true }

    /// Whether it ended by itself between two times.
    func ended(after time: Int64, by now: Timestamp) -> Bool {
        guard isSuppressed, let expiresAt else { return false }
        return expiresAt.milliseconds > time && expiresAt <= now
    }

    /// Whether it replaces another one about the same subject: the one said later counts. CloudTrail tells times in
    /// seconds: of two in one second the one that shows more findings counts, since what is wrongly hidden is missed.
    func isNewer(than other: Self?) -> Bool {
        guard let other else { return true }
        if time != other.time { return time > other.time }
        if isSuppressed != other.isSuppressed { return !isSuppressed }
        let never = Timestamp(milliseconds: .max)
        return expiresAt ?? never < other.expiresAt ?? never
    }
}

extension SuppressionDisposition {
    /// That a suppression is there, as an event or AWS IoT's list of them says it.
    init(_ suppression: AuditSuppression, accountRegion: AccountRegion, time: Timestamp) {
        self.init(
            subject: FindingID.suppression(
                check: suppression.check, resource: suppression.resource, accountRegion: accountRegion),
            accountRegion: accountRegion, time: time, isSuppressed: true,
            expiresAt: suppression.suppressIndefinitely == true ? nil : suppression.expirationDate)
    }

    private static let (suppressedKey, expiryKey) = ("isSuppressed", "expiresAt")

    /// Reads one from the store; nil for one of another kind.
    init?(_ disposition: Disposition) {
        guard let json = try? JSON(parsing: disposition.content), let isSuppressed = json[Self.suppressedKey]?.bool
        else {
            return nil
        }
        subject = disposition.subject
        accountRegion = disposition.accountRegion
        time = Timestamp(milliseconds: disposition.time)
        self.isSuppressed = isSuppressed
        expiresAt = json[Self.expiryKey]?.integer.map { Timestamp(milliseconds: $0) }
        isSettled = disposition.dueAt == nil
    }

    /// As the store keeps it.
    var disposition: Disposition {
        var content: JSON.Members = [UTF8Text(Self.suppressedKey): .bool(isSuppressed)]
        content[Self.expiryKey] = expiresAt.map { .integer($0.milliseconds) }
        let end = isSuppressed ? expiresAt : time
        return Disposition(
            subject: subject, accountRegion: accountRegion, time: time.milliseconds,
            dueAt: isSuppressed && !isSettled ? expiresAt?.milliseconds : nil,
            keepUntil: end.map { max($0, time).milliseconds + Self.afterlife },
            content: JSON.object(content).serialized())
    }
}
