import JSON
import SecurityFindings

/// A finding without its times and without the members that name the last audit, to detect changes that matter.
struct FindingContent: Equatable {
    private let json: JSON

    private static let times = ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"]
    /// Members that differ between audits with the same result.
    private static let auditNames = ["GeneratorId", "SourceUrl", "Remediation"]
    private static let auditFields = ["TaskId", "TaskType", "TaskStartTime", "ScheduledAuditName", "FindingId"]

    init(_ finding: SecurityFinding) { self.init(json: finding.json) }

    /// Parses a finding of the ledger; nil if it is not valid.
    init?(stored: [UInt8]) {
        guard let json = try? JSON(parsing: stored) else { return nil }
        self.init(json: json)
    }

    private init(json finding: JSON) {
        guard var members = finding.object else {
            json = finding
            return
        }
        for name in Self.times + Self.auditNames { members[name] = nil }
        if var fields = members["ProductFields"]?.object {
            for name in Self.auditFields { fields[name] = nil }
            members["ProductFields"] = .object(fields)
        }
        json = .object(members)
    }

    /// Whether this content precedes another one. The order is arbitrary but the same on all replicas, and independent
    /// of the state that follows from dispositions.
    func isOrdered(before other: FindingContent) -> Bool {
        withoutState.serialized().lexicographicallyPrecedes(other.withoutState.serialized())
    }

    private var withoutState: JSON {
        guard var members = json.object else { return json }
        members["RecordState"] = nil
        members["Compliance"] = nil
        return .object(members)
    }
}
