/// The severity of an audit finding: `AuditFindingSeverity` of the AWS IoT API.
package enum Severity: String, Sendable, Hashable, CaseIterable {
    /// Needs immediate action.
    case critical = "CRITICAL"
    /// Needs action soon.
    case high = "HIGH"
    /// Needs action.
    case medium = "MEDIUM"
    /// Informational.
    case low = "LOW"
}
