/// The verification state of an alarm; Device Defender and Security Hub use the same values.
package enum VerificationState: String, Sendable, Hashable, CaseIterable {
    /// False positive: the alarm is wrong.
    case falsePositive = "FALSE_POSITIVE"
    /// Benign positive: the behavior is unusual but harmless.
    case benignPositive = "BENIGN_POSITIVE"
    /// True positive: the alarm is right.
    case truePositive = "TRUE_POSITIVE"
    /// Not triaged yet.
    case unknown = "UNKNOWN"
}
