public import JSON

/// A resource that failed a check, as the AWS IoT API's `ListAuditFindings` tells it.
public struct AuditFinding: Sendable, Hashable {
    /// The finding's id, at most 128 characters; every audit gives a new one.
    public let id: String?
    /// The audit that found it.
    public let taskID: String?
    /// When that audit started.
    public let taskStartTime: Timestamp?
    /// The check.
    public let check: AuditCheck
    /// When the resource was found to fail it.
    public let time: Timestamp
    /// How grave that is; the check's own if the finding does not say.
    public let severity: Severity
    /// The resource that fails the check.
    public let resource: AuditedResource
    /// Resources that have to do with it, the first 100.
    public let relatedResources: [AuditedResource]
    /// Why the check fails, at most 4096 characters.
    public let reason: String?
    /// The same as a code, for example `CERTIFICATE_APPROACHING_EXPIRATION`, at most 128 characters.
    public let reasonCode: String?
    /// Whether somebody suppressed the finding.
    public let isSuppressed: Bool

    /// Reads an element of the answer to `ListAuditFindings`. Fields that are not known are ignored.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a field that identifies or decides is missing, mistyped or too long.
    public init(_ json: JSON) throws(UnrecognizedMessageError) {
        let fields = try Fields(json, at: "audit finding")
        id = try fields.optionalIdentifier("findingId", limit: 128)
        taskID = try fields.optionalIdentifier("taskId", limit: AuditTask.maximumIDLength)
        guard let check = AuditCheck(name: try fields.name("checkName", limit: AuditCheck.maximumNameLength)) else {
            throw UnrecognizedMessageError(reason: "audit finding: checkName is malformed")
        }
        self.check = check
        taskStartTime = try fields.optionalTime("taskStartTime", in: .seconds)
        if let time = try fields.optionalTime("findingTime", in: .seconds) ?? taskStartTime {
            self.time = time
        } else {
            throw UnrecognizedMessageError(reason: "audit finding: findingTime is missing")
        }
        severity = fields["severity"]?.string.flatMap { Severity(word: $0) } ?? check.severity
        resource = try AuditedResource(fields.object("nonCompliantResource"))
        relatedResources = (fields["relatedResources"]?.array ?? []).prefix(100).compactMap { related in
            try? AuditedResource(Fields(related, at: "relatedResources"))
        }
        reason = fields.text("reasonForNonCompliance", limit: 4096)
        reasonCode = try fields.optionalName("reasonForNonComplianceCode", limit: 128)
        isSuppressed = try fields.flag("isSuppressed") ?? false
    }
}
