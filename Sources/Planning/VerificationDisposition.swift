package import AWSCore
import DeviceDefender
package import Encoding
import JSON
package import SecurityFindings
package import Store

/// The last verification of a violation by an operator.
package struct VerificationDisposition: Sendable, Hashable {
    /// The id of the violation's finding.
    package let subject: String
    /// The account and Region of the finding.
    package let accountRegion: AccountRegion
    /// When the violation was verified.
    package let time: Timestamp
    /// The verification state, its note and the workflow status that follows from them.
    package var verification: Verification
    /// Whether Security Hub has the verification.
    var isApplied: Bool
    /// Whether the bridge has set the finding's workflow status to SUPPRESSED, or may have, and has not reset it.
    var isHidden = false

    /// How long it is kept if its finding does not exist: Device Defender keeps violations for 30 days.
    private static let retention = Duration.seconds(90 * 86_400)

    /// Creates a disposition.
    package init(
        subject: String, accountRegion: AccountRegion, time: Timestamp, verification: Verification, isApplied: Bool,
        isHidden: Bool = false
    ) {
        self.subject = subject
        self.accountRegion = accountRegion
        self.time = time
        self.verification = verification
        self.isApplied = isApplied
        self.isHidden = isHidden
    }

    /// Whether it supersedes another one of the same violation: the later one wins. With equal times, the order is
    /// arbitrary but independent of arrival.
    package func isNewer(than other: Self?) -> Bool {
        guard let other else { return true }
        if time != other.time { return time > other.time }
        return (verification.state.rawValue, verification.note ?? "")
            > (other.verification.state.rawValue, other.verification.note ?? "")
    }
}

extension VerificationDisposition {
    private static let (stateKey, wordsKey, appliedKey, hiddenKey) = ("state", "words", "isApplied", "isHidden")

    /// Parses a stored disposition; nil if it is of another kind.
    package init?(_ disposition: Disposition) {
        guard let json = try? JSON(parsing: disposition.content),
            let state = json[Self.stateKey]?.string.flatMap(VerificationState.init),
            let isApplied = json[Self.appliedKey]?.bool
        else { return nil }
        subject = disposition.subject
        accountRegion = disposition.accountRegion
        time = disposition.time
        verification = Verification(state: state, note: json[Self.wordsKey]?.string)
        self.isApplied = isApplied
        // Earlier versions did not store it, and hid every finding that they archived.
        isHidden = json[Self.hiddenKey]?.bool ?? (isApplied && verification.archives)
    }

    /// The form for the store.
    package var disposition: Disposition {
        var content: JSON.Members = [
            UTF8Text(Self.stateKey): .string(verification.state.rawValue), UTF8Text(Self.appliedKey): .bool(isApplied),
            UTF8Text(Self.hiddenKey): .bool(isHidden),
        ]
        content[Self.wordsKey] = verification.note.map(JSON.string)
        return Disposition(
            subject: subject, accountRegion: accountRegion, time: time, dueAt: nil,
            keepUntil: time + Self.retention, content: JSON.object(content).serialized())
    }
}
