/// What somebody found out about an alarm, in the words that Device Defender and Security Hub share.
public enum VerificationState: String, Sendable, Hashable, CaseIterable {
    /// The alarm was wrong.
    case falsePositive = "FALSE_POSITIVE"
    /// The alarm was right, but the behavior is harmless.
    case benignPositive = "BENIGN_POSITIVE"
    /// The alarm was right.
    case truePositive = "TRUE_POSITIVE"
    /// Nobody has looked yet.
    case unknown = "UNKNOWN"
}
