import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What people last found out about a violation.
struct VerificationJudgement: Sendable, Hashable {
    /// The id of the violation's finding.
    let subject: String
    let origin: Origin
    /// When it was said.
    let time: Timestamp
    var verification: Verification
    /// Whether Security Hub has been told.
    var isApplied: Bool
    /// Whether the bridge set the finding's workflow status to SUPPRESSED, or may have, and has not taken that back.
    var isHidden = false

    /// How long it waits for its finding, in milliseconds: Device Defender keeps violations for 30 days.
    private static let patience: Int64 = 90 * 86_400_000

    /// Whether it replaces another one about the same violation: the one said later counts; of two said at once, the
    /// same one whichever comes first.
    func isNewer(than other: Self?) -> Bool {
        guard let other else { return true }
        if time != other.time { return time > other.time }
        return (verification.state.rawValue, verification.words ?? "")
            > (other.verification.state.rawValue, other.verification.words ?? "")
    }
}

extension VerificationJudgement {
    private static let (stateKey, wordsKey, appliedKey, hiddenKey) = ("state", "words", "isApplied", "isHidden")

    /// Reads one from the store; nil for one of another kind.
    init?(_ judgement: Judgement) {
        guard let json = try? JSON(parsing: judgement.content),
            let state = json[Self.stateKey]?.string.flatMap(VerificationState.init),
            let isApplied = json[Self.appliedKey]?.bool
        else { return nil }
        subject = judgement.subject
        origin = judgement.origin
        time = Timestamp(milliseconds: judgement.time)
        verification = Verification(state: state, words: json[Self.wordsKey]?.string)
        self.isApplied = isApplied
        // Earlier versions did not keep it, and hid whatever they said of.
        isHidden = json[Self.hiddenKey]?.bool ?? (isApplied && verification.archives)
    }

    /// As the store keeps it.
    var judgement: Judgement {
        var content: JSON.Members = [
            UTF8Text(Self.stateKey): .string(verification.state.rawValue), UTF8Text(Self.appliedKey): .bool(isApplied),
            UTF8Text(Self.hiddenKey): .bool(isHidden),
        ]
        content[Self.wordsKey] = verification.words.map(JSON.string)
        return Judgement(
            subject: subject, origin: origin, time: time.milliseconds, dueAt: nil,
            keepUntil: time.milliseconds + Self.patience, content: JSON.object(content).serialized())
    }
}
