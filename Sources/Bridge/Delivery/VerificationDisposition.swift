import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What people last found out about a violation.
struct VerificationDisposition: Sendable, Hashable {
    /// The id of the violation's finding.
    let subject: String
    let accountRegion: AccountRegion
    /// When it was said.
    let time: Timestamp
    var verification: Verification
    /// Whether Security Hub has been told.
    var isApplied: Bool
    /// Whether the bridge set the finding's workflow status to SUPPRESSED, or may have, and has not taken that back.
    var isHidden = false

    /// How long it waits for its finding, in milliseconds: Device Defender keeps violations for 30 days.
    private static let timeout: Int64 = 90 * 86_400_000

    /// Whether it replaces another one about the same violation: the one said later counts; of two said at once, the
    /// same one whichever comes first.
    func isNewer(than other: Self?) -> Bool {
        guard let other else { return true }
        if time != other.time { return time > other.time }
        return (verification.state.rawValue, verification.note ?? "")
            > (other.verification.state.rawValue, other.verification.note ?? "")
    }
}

extension VerificationDisposition {
    private static let (stateKey, wordsKey, appliedKey, hiddenKey) = ("state", "words", "isApplied", "isHidden")

    /// Reads one from the store; nil for one of another kind.
    init?(_ disposition: Disposition) {
        guard let json = try? JSON(parsing: disposition.content),
            let state = json[Self.stateKey]?.string.flatMap(VerificationState.init),
            let isApplied = json[Self.appliedKey]?.bool
        else { return nil }
        subject = disposition.subject
        accountRegion = disposition.accountRegion
        time = Timestamp(milliseconds: disposition.time)
        verification = Verification(state: state, note: json[Self.wordsKey]?.string)
        self.isApplied = isApplied
        // Earlier versions did not keep it, and hid whatever they said of.
        isHidden = json[Self.hiddenKey]?.bool ?? (isApplied && verification.archives)
    }

    /// As the store keeps it.
    var disposition: Disposition {
        var content: JSON.Members = [
            UTF8Text(Self.stateKey): .string(verification.state.rawValue), UTF8Text(Self.appliedKey): .bool(isApplied),
            UTF8Text(Self.hiddenKey): .bool(isHidden),
        ]
        content[Self.wordsKey] = verification.note.map(JSON.string)
        return Disposition(
            subject: subject, accountRegion: accountRegion, time: time.milliseconds, dueAt: nil,
            keepUntil: time.milliseconds + Self.timeout, content: JSON.object(content).serialized())
    }
}
