public import AWSCore
import HTTPTypes
public import JSON

extension AWSClient {
    /// How many findings or suppressions AWS gives in one page at most.
    private static let elementsPerPage = 250

    /// Asks about one audit (AWS IoT `DescribeAuditTask`).
    ///
    /// - Parameter id: 1 to 40 letters, digits and dashes.
    /// - Throws: ``AWSError``; `notFound` if the audit is too old to be kept.
    public func describeAuditTask(id: String, region: Region) async throws(AWSError) -> JSON {
        let operation = Operation(
            service: .iot, name: "DescribeAuditTask", method: .get, path: "/audit/tasks/\(PercentEncoding.encode(id))")
        try Self.checkTaskID(id, for: operation)
        return try await performForJSON(operation, in: region)
    }

    /// Asks for a page of an audit's findings, suppressed ones included (AWS IoT `ListAuditFindings`).
    ///
    /// - Parameters:
    ///   - taskID: the audit; 1 to 40 letters, digits and dashes.
    ///   - checkName: the only check to list, or nil for all.
    ///   - nextToken: from the page before, or nil for the first.
    public func listAuditFindings(
        taskID: String, checkName: String? = nil, region: Region, nextToken: String? = nil
    ) async throws(AWSError) -> Page {
        var members: JSON.Members = ["taskId": .string(taskID), "maxResults": .integer(Self.elementsPerPage)]
        if let checkName { members["checkName"] = .string(checkName) }
        if let nextToken { members["nextToken"] = .string(nextToken) }
        var operation = Self.listAuditFindings
        operation.body = JSON.object(members).serialized()
        try Self.checkTaskID(taskID, for: operation)
        guard
            let page = Page(
                try await performForJSON(operation, in: region), elements: "findings", nextToken: "nextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("it has no findings") }
        return page
    }

    /// All of an audit's findings, page by page; see ``listAuditFindings(taskID:checkName:region:nextToken:)``.
    ///
    /// - Parameter start: the token of a page of an earlier walk, to go on behind that page, or nil to start anew.
    public func auditFindings(
        taskID: String, checkName: String? = nil, region: Region, startingAt start: String? = nil
    ) -> PaginatorSequence {
        PaginatorSequence(operation: Self.listAuditFindings, startingAt: start) { nextToken throws(AWSError) in
            try await listAuditFindings(taskID: taskID, checkName: checkName, region: region, nextToken: nextToken)
        }
    }

    private static var listAuditFindings: Operation {
        Operation(
            service: .iot, name: "ListAuditFindings", method: .post, path: "/audit/findings",
            contentType: "application/json")
    }

    /// Asks for a page of the suppressions of audit findings (AWS IoT `ListAuditSuppressions`).
    ///
    /// - Parameter nextToken: from the page before, or nil for the first.
    public func listAuditSuppressions(region: Region, nextToken: String? = nil) async throws(AWSError) -> Page {
        var members: JSON.Members = ["maxResults": .integer(Self.elementsPerPage)]
        if let nextToken { members["nextToken"] = .string(nextToken) }
        var operation = Self.listAuditSuppressions
        operation.body = JSON.object(members).serialized()
        guard
            let page = Page(
                try await performForJSON(operation, in: region), elements: "suppressions", nextToken: "nextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("it has no suppressions") }
        return page
    }

    /// All suppressions of audit findings, page by page; see ``listAuditSuppressions(region:nextToken:)``.
    public func auditSuppressions(region: Region) -> PaginatorSequence {
        PaginatorSequence(operation: Self.listAuditSuppressions) { nextToken throws(AWSError) in
            try await listAuditSuppressions(region: region, nextToken: nextToken)
        }
    }

    private static var listAuditSuppressions: Operation {
        Operation(
            service: .iot, name: "ListAuditSuppressions", method: .post, path: "/audit/suppressions/list",
            contentType: "application/json")
    }

    private static func checkTaskID(_ id: String, for operation: Operation) throws(AWSError) {
        let isValid = id.utf8.allSatisfy {
            PercentEncoding.isUnreserved($0) && !"._~".utf8.contains($0)
        }
        guard (1...40).contains(id.utf8.count), isValid else {
            throw operation.invalidInput("the id of the audit is not 1 to 40 letters, digits and dashes")
        }
    }
}
