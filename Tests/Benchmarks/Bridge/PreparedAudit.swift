import Encoding
import JSON
import LocalAWS

/// The findings of an audit as Device Defender lists them, serialized once. What differs from audit to audit is written
/// for each response.
struct PreparedFindings: Sendable {
    /// The members of each finding that all audits have, with the closing brace.
    private let members: [[UInt8]]
    /// The positions of each check's findings; those of all checks under nil.
    private let positions: [String?: [Int]]

    /// The number of findings.
    var count: Int { members.count }

    /// The members that ``PreparedAudit`` writes.
    private static let ofAudit: [UTF8Text] = ["findingId", "taskId", "taskStartTime", "findingTime"]

    init(_ findings: some Sequence<FleetAuditFinding>) {
        var members: [[UInt8]] = []
        var positions: [String?: [Int]] = [:]
        for finding in findings {
            var object = finding.json.object ?? [:]
            for name in Self.ofAudit { object[name] = nil }
            for check in [nil, finding.checkName] { positions[check, default: []].append(members.count) }
            members.append(Array(JSON.object(object).serialized().dropFirst()))
        }
        self.members = members
        self.positions = positions
    }

    /// Appends a page of the findings of a check, or of all, to a body.
    ///
    /// - Parameter opening: the members of the audit, in front of which the finding's own ID is written.
    /// - Returns: the position after the page; nil after the last one.
    func append(
        _ check: String?, from start: Int, limit: Int, opening: [UInt8], to body: inout [UInt8]
    ) -> Int? {
        let positions = positions[check] ?? []
        let page = positions.dropFirst(start).prefix(limit)
        body.reserveCapacity(page.reduce(100) { $0 + members[$1].count + opening.count + 30 })
        for (index, position) in page.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body += Array("{\"findingId\":\"\(position)".utf8)
            body += opening
            body += members[position]
        }
        return page.endIndex < positions.count ? page.endIndex : nil
    }
}

/// One run of an audit.
struct PreparedAudit: Sendable {
    let task: FleetAuditTask
    let findings: PreparedFindings
    /// The response of `DescribeAuditTask`.
    let description: [UInt8]
    private let opening: [UInt8]

    init(_ task: FleetAuditTask, _ findings: PreparedFindings) {
        self.task = task
        self.findings = findings
        description = task.description.serialized()
        let (start, time) = (
            Timestamp(milliseconds: task.startTime).epochSeconds,
            Timestamp(milliseconds: task.startTime + 60_000).epochSeconds
        )
        opening = Array(
            "-\(task.startTime)\",\"taskId\":\"\(task.id)\",\"taskStartTime\":\(start),\"findingTime\":\(time),".utf8)
    }

    /// The response of `ListAuditFindings` for a check, or for all.
    func page(of check: String?, from start: Int, limit: Int) -> [UInt8] {
        var body = Array("{\"findings\":[".utf8)
        let next = findings.append(check, from: start, limit: limit, opening: opening, to: &body)
        body += Array("]\(next.map { ",\"nextToken\":\"\($0)\"" } ?? "")}".utf8)
        return body
    }
}
