package import Encoding
package import JSON

/// A run of an audit: the data common to a finished audit's notification and `DescribeAuditTask`.
package struct AuditTask: Sendable, Hashable {
    /// The run's status: `AuditTaskStatus` of the AWS IoT API.
    package enum Status: String, Sendable, Hashable, CaseIterable {
        /// Still running.
        case inProgress = "IN_PROGRESS"
        /// Completed; individual checks may have failed to run.
        case completed = "COMPLETED"
        /// Failed.
        case failed = "FAILED"
        /// Canceled by a user.
        case canceled = "CANCELED"
    }

    /// How the run was started.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// On demand.
        case onDemand = "ON_DEMAND_AUDIT_TASK"
        /// By a scheduled audit.
        case scheduled = "SCHEDULED_AUDIT_TASK"
    }

    /// The maximum length of an ID, in characters.
    static let maximumIDLength = 40

    /// The task ID, 1 to 40 letters, digits and dashes.
    package let id: String
    /// The run's status.
    package let status: Status
    /// How the run was started.
    package let kind: Kind
    /// The scheduled audit's name, at most 128 characters; nil for an on-demand audit.
    package let scheduledAuditName: String?
    /// When the run started.
    package let startTime: Timestamp
    /// The results of the checks, each check once.
    package let checks: [CheckResult]

    /// Parses the response of `DescribeAuditTask`, which does not include the task ID.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a required field is missing, mistyped or too long, or if the ID is
    ///   malformed.
    package init(id: String, description json: JSON) throws(UnrecognizedMessageError) {
        guard id.utf8.count <= Self.maximumIDLength, id.isIdentifier else {
            throw UnrecognizedMessageError(reason: "audit task: the ID is malformed")
        }
        let fields = try Fields(json, at: "audit task")
        var checks: [CheckResult] = []
        if let details = fields["auditDetails"] {
            guard let details = details.object, details.count <= CheckResult.maximumChecks else {
                throw UnrecognizedMessageError(
                    reason: "audit task: auditDetails is not an object or has too many checks")
            }
            for (name, detail) in details.sorted(by: { $0.key < $1.key }) {
                checks.append(try CheckResult(name: name.string, Fields(detail, at: "auditDetails")))
            }
        }
        try self.init(id: id, fields, startTime: fields.time("taskStartTime", in: .seconds), checks: checks)
    }

    /// Parses the fields common to a notification and a description.
    init(id: String, _ fields: Fields, startTime: Timestamp, checks: [CheckResult]) throws(UnrecognizedMessageError) {
        self.id = id
        status = try fields.word("taskStatus")
        kind = try fields.word("taskType")
        scheduledAuditName = try fields.optionalName("scheduledAuditName", limit: 128)
        self.startTime = startTime
        self.checks = checks
    }
}
