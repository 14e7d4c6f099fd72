package import Encoding
package import JSON

/// An audit finding: a resource that failed a check, from `ListAuditFindings` of the AWS IoT API.
package struct AuditFinding: Sendable, Hashable {
    /// The finding's ID, at most 128 characters; different in every audit.
    package let id: String?
    /// The audit that found it.
    package let taskID: String?
    /// When that audit started.
    package let taskStartTime: Timestamp?
    /// The check.
    package let check: AuditCheck
    /// When the finding was made.
    package let time: Timestamp
    /// The severity; the check's default if the finding has none.
    package let severity: Severity
    /// The resource that fails the check.
    package let resource: AuditedResource
    /// The first 100 related resources.
    package let relatedResources: [AuditedResource]
    /// The reason for non-compliance, at most 4096 characters.
    package let reason: String?
    /// The reason code, for example `CERTIFICATE_APPROACHING_EXPIRATION`, at most 128 characters.
    package let reasonCode: String?
    /// Whether the finding is suppressed.
    package let isSuppressed: Bool

    /// Parses an element of `ListAuditFindings`. Unknown fields are ignored.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long.
    package init(_ json: JSON) throws(UnrecognizedMessageError) {
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
