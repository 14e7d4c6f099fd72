import JSON
import SecurityFindings

/// The parts of a finding that matter to people: neither its times nor what names the audit that saw it last.
struct FindingContent: Equatable {
    private let json: JSON

    private static let times = ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt"]
    /// Audits that see the same differ in these.
    private static let auditNames = ["GeneratorId", "SourceUrl", "Remediation"]
    private static let auditFields = ["TaskId", "TaskType", "TaskStartTime", "ScheduledAuditName", "FindingId"]

    init(_ finding: SecurityFinding) { self.init(json: finding.json) }

    /// Nil if the text is no finding.
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

    /// Whether this is the lesser of two, in an order that is the same everywhere and has no other meaning. It does not
    /// look at the state that people's judgement gives a finding.
    func isOrdered(before other: FindingContent) -> Bool {
        stateless.serialized().lexicographicallyPrecedes(other.stateless.serialized())
    }

    private var stateless: JSON {
        guard var members = json.object else { return json }
        members["RecordState"] = nil
        members["Compliance"] = nil
        return .object(members)
    }
}
