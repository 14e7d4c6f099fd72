public import JSON

/// A run of an audit: what a finished audit's notification and the AWS IoT API's `DescribeAuditTask` both tell.
public struct AuditTask: Sendable, Hashable {
    /// How far the run has come: `AuditTaskStatus` of the AWS IoT API.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Still running.
        case inProgress = "IN_PROGRESS"
        /// Ended; single checks may have failed all the same.
        case completed = "COMPLETED"
        /// Ended with a fault.
        case failed = "FAILED"
        /// Stopped by somebody.
        case canceled = "CANCELED"
    }

    /// What started the run.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Somebody.
        case onDemand = "ON_DEMAND_AUDIT_TASK"
        /// A scheduled audit.
        case scheduled = "SCHEDULED_AUDIT_TASK"
    }

    /// The longest id, in characters.
    static let maximumIDLength = 40

    /// The task's id, 1 to 40 letters, digits and dashes.
    public let id: String
    /// How far the run has come.
    public let status: Status
    /// What started the run.
    public let kind: Kind
    /// The scheduled audit's name, at most 128 characters; nil for an audit on demand.
    public let scheduledAuditName: String?
    /// When the run started.
    public let startTime: Timestamp
    /// The checks of the run, each name once.
    public let checks: [CheckResult]

    /// Reads the answer to `DescribeAuditTask`, which does not repeat the id that was asked for.
    ///
    /// - Throws: ``UnrecognizedMessageError`` if a field that identifies or decides is missing, mistyped or too long,
    ///   or if the id is malformed.
    public init(id: String, description json: JSON) throws(UnrecognizedMessageError) {
        guard id.utf8.count <= Self.maximumIDLength, id.isIdentifier else {
            throw UnrecognizedMessageError(reason: "audit task: the id is malformed")
        }
        let fields = try Fields(json, at: "audit task")
        var checks: [CheckResult] = []
        if let details = fields["auditDetails"] {
            guard let details = details.object, details.count <= CheckResult.maximumChecks else {
                throw UnrecognizedMessageError(reason: "audit task: auditDetails is no object of acceptable size")
            }
            for (name, detail) in details.sorted(by: { $0.key < $1.key }) {
                checks.append(try CheckResult(name: name.string, Fields(detail, at: "auditDetails")))
            }
        }
        try self.init(id: id, fields, startTime: fields.time("taskStartTime", in: .seconds), checks: checks)
    }

    /// Reads the part that a notification and a description share.
    init(id: String, _ fields: Fields, startTime: Timestamp, checks: [CheckResult]) throws(UnrecognizedMessageError) {
        self.id = id
        status = try fields.word("taskStatus")
        kind = try fields.word("taskType")
        scheduledAuditName = try fields.optionalName("scheduledAuditName", limit: 128)
        self.startTime = startTime
        self.checks = checks
    }
}
