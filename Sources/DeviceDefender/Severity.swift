/// How grave Device Defender takes a failed audit check, as `AuditFinding` in the AWS IoT API has it.
public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// Needs action at once.
    case critical = "CRITICAL"
    /// Needs action soon.
    case high = "HIGH"
    /// Needs action.
    case medium = "MEDIUM"
    /// Worth knowing.
    case low = "LOW"
}
