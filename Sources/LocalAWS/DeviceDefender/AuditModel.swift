import Encoding
import JSON

/// Device Defender's audits in one account and Region (`DescribeAuditTask`, `ListAuditTasks`, `ListAuditFindings` and
/// `ListAuditSuppressions` of the AWS IoT API Reference).
struct AuditModel {
    private(set) var tasks: [FleetAuditTask] = []
    private(set) var findings: [FleetAuditFinding] = []
    /// The suppressions that ``listSuppressions(_:)`` lists; they do not affect findings.
    var suppressions: [FleetAuditSuppression] = []
    /// The ranges in ``findings`` with the findings of an audit, or of one of its checks.
    private var ranges: [Scope: Range<Int>] = [:]

    private struct Scope: Hashable {
        let taskID: String
        /// Nil for all checks.
        let checkName: String?
    }

    static let invalidToken = ServiceError.invalidRequest("Invalid nextToken")

    /// Adds an audit with its findings; replaces one with the same ID.
    mutating func add(_ task: FleetAuditTask, findings: [FleetAuditFinding]) {
        tasks.removeAll { $0.id == task.id }
        self.findings.removeAll { $0.taskID == task.id }
        tasks.append(task)
        self.findings += findings
        ranges = [:]
        for (position, finding) in self.findings.enumerated() {
            for checkName in [nil, finding.checkName] {
                let scope = Scope(taskID: finding.taskID, checkName: checkName)
                ranges[scope] = (ranges[scope]?.lowerBound ?? position)..<position + 1
            }
        }
    }

    /// Implements `DescribeAuditTask`.
    ///
    /// - Throws: ``ServiceError`` if there is no such audit.
    func describeTask(id: String) throws(ServiceError) -> JSON {
        guard let task = tasks.first(where: { $0.id == id }) else {
            throw ServiceError(404, "ResourceNotFoundException", "Audit task \(id) does not exist.")
        }
        return task.description
    }

    /// Implements `ListAuditTasks`.
    ///
    /// - Parameter parameters: the query parameters.
    /// - Throws: ``ServiceError`` if the call is rejected.
    func listTasks(_ parameters: [String: String]) throws(ServiceError) -> JSON {
        guard let start = parameters["startTime"].flatMap({ Timestamp(iso8601: $0, accepting: .offset) }),
            let end = parameters["endTime"].flatMap({ Timestamp(iso8601: $0, accepting: .offset) }), start <= end
        else { throw .invalidRequest("startTime and endTime must be timestamps, in this order") }
        let page = try Page(
            tasks.indices, token: parameters["nextToken"].map(JSON.string),
            query: JSON(texts: parameters.filter { $0.key != "nextToken" }),
            limit: try Self.limit(parameters["maxResults"].map { Int64($0) ?? 0 }), invalid: Self.invalidToken
        ) { index in
            (start.milliseconds...end.milliseconds).contains(tasks[index].startTime)
                && parameters["taskType"].map { $0 == tasks[index].type } ?? true
                && parameters["taskStatus"].map { $0 == tasks[index].status } ?? true
        }
        let elements = page.elements.map { index -> JSON in
            let task = tasks[index]
            return ["taskId": .string(task.id), "taskStatus": .string(task.status), "taskType": .string(task.type)]
        }
        return Self.response("tasks", elements, nextToken: page.nextToken)
    }

    /// Implements `ListAuditFindings`.
    ///
    /// - Throws: ``ServiceError`` if the call is rejected.
    func listFindings(_ request: JSON) throws(ServiceError) -> JSON {
        let names: Set<UTF8Text> = [
            "taskId", "checkName", "resourceIdentifier", "maxResults", "nextToken", "startTime", "endTime",
            "listSuppressedFindings",
        ]
        guard var members = request.object, names.isSuperset(of: members.keys) else {
            throw .invalidRequest("The request has an unknown member")
        }
        let token = members.removeValue(forKey: "nextToken")
        let query = try AuditFindingQuery(members)
        let range = query.taskID.map { ranges[Scope(taskID: $0, checkName: query.checkName)] ?? 0..<0 }
        let page = try Page(
            range ?? findings.indices, token: token, query: .object(members),
            limit: try Self.limit(members["maxResults"].map { $0.integer ?? 0 }), invalid: Self.invalidToken
        ) { query.matches(findings[$0]) }
        return Self.response("findings", page.elements.map { findings[$0].json }, nextToken: page.nextToken)
    }

    static func limit(_ requested: Int64?) throws(ServiceError) -> Int {
        guard let requested else { return 25 }
        guard (1...250).contains(requested) else { throw .invalidRequest("maxResults must be from 1 to 250") }
        return Int(requested)
    }

    static func response(_ name: String, _ elements: [JSON], nextToken: String?) -> JSON {
        var response: JSON.Members = [UTF8Text(name): .array(elements)]
        response["nextToken"] = nextToken.map(JSON.string)
        return .object(response)
    }
}

/// The query of `ListAuditFindings`.
private struct AuditFindingQuery {
    let taskID: String?
    private let times: ClosedRange<Int64>?
    let checkName: String?
    private let resourceIdentifier: JSON.Members
    /// Nil for both suppressed and open findings.
    private let suppressed: Bool?

    init(_ members: JSON.Members) throws(ServiceError) {
        taskID = members["taskId"]?.string
        checkName = members["checkName"]?.string
        resourceIdentifier = members["resourceIdentifier"]?.object ?? [:]
        suppressed = members["listSuppressedFindings"]?.bool
        let start = members["startTime"]?.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
        let end = members["endTime"]?.double.flatMap { Int64(exactly: ($0 * 1000).rounded()) }
        let hasTimes = members["startTime"] != nil || members["endTime"] != nil
        guard hasTimes != (members["taskId"] != nil) else {
            throw .invalidRequest("Either taskId, or startTime and endTime, must be given, and not both")
        }
        guard hasTimes else {
            guard taskID != nil else { throw .invalidRequest("taskId must be a string") }
            times = nil
            return
        }
        guard let start, let end, start <= end else {
            throw .invalidRequest("startTime and endTime must be timestamps, in this order")
        }
        times = start...end
    }

    func matches(_ finding: FleetAuditFinding) -> Bool {
        taskID.map { $0 == finding.taskID } ?? true
            && times?.contains(finding.time) ?? true
            && checkName.map { $0 == finding.checkName } ?? true
            && suppressed.map { $0 == finding.isSuppressed } ?? true
            && resourceIdentifier.allSatisfy { finding.resource.identifier[$0.key.string] == $0.value }
    }
}
