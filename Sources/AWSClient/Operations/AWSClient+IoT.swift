package import AWSCore
import Encoding
import HTTPTypes
package import JSON

extension AWSClient {
    /// AWS's maximum page size for findings and suppressions.
    private static let elementsPerPage = 250

    /// Describes an audit (AWS IoT `DescribeAuditTask`).
    ///
    /// - Parameter id: 1 to 40 letters, digits and dashes.
    /// - Throws: ``AWSError``; `notFound` if the audit is older than AWS's retention.
    package func describeAuditTask(id: String, region: Region) async throws(AWSError) -> JSON {
        let operation = Operation(
            service: .iot, name: "DescribeAuditTask", method: .get, path: "/audit/tasks/\(PercentEncoding.encode(id))")
        try Self.checkTaskID(id, for: operation)
        return try await performForJSON(operation, in: region)
    }

    /// Fetches a page of an audit's findings, including suppressed ones (AWS IoT `ListAuditFindings`). They are checked
    /// and not parsed: nearly all are the same as in the last audit.
    ///
    /// - Parameters:
    ///   - taskID: the audit's ID: 1 to 40 letters, digits and dashes.
    ///   - checkName: the check to list; nil for all.
    ///   - nextToken: the token of the previous page; nil for the first page.
    package func listAuditFindings(
        taskID: String, checkName: String? = nil, region: Region, nextToken: String? = nil
    ) async throws(AWSError) -> Page<JSONSlice> {
        var members: JSON.Members = ["taskId": .string(taskID), "maxResults": .integer(Self.elementsPerPage)]
        if let checkName { members["checkName"] = .string(checkName) }
        if let nextToken { members["nextToken"] = .string(nextToken) }
        var operation = Self.listAuditFindings
        operation.body = JSON.object(members).serialized()
        try Self.checkTaskID(taskID, for: operation)
        guard
            let page = Page(
                try await performForSlice(operation, in: region), elements: "findings", nextToken: "nextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("findings is missing") }
        return page
    }

    /// An audit's findings, page by page; see ``listAuditFindings(taskID:checkName:region:nextToken:)``.
    ///
    /// - Parameter start: the token of a page of an earlier iteration, to continue after it; nil for the start.
    package func auditFindings(
        taskID: String, checkName: String? = nil, region: Region, startingAt start: String? = nil
    ) -> PaginatorSequence<JSONSlice> {
        PaginatorSequence(operation: Self.listAuditFindings, startingAt: start) { nextToken throws(AWSError) in
            try await listAuditFindings(taskID: taskID, checkName: checkName, region: region, nextToken: nextToken)
        }
    }

    private static var listAuditFindings: Operation {
        Operation(
            service: .iot, name: "ListAuditFindings", method: .post, path: "/audit/findings",
            contentType: "application/json")
    }

    /// Fetches a page of the audit suppressions (AWS IoT `ListAuditSuppressions`).
    ///
    /// - Parameter nextToken: the token of the previous page; nil for the first page.
    package func listAuditSuppressions(region: Region, nextToken: String? = nil) async throws(AWSError) -> Page<JSON> {
        var members: JSON.Members = ["maxResults": .integer(Self.elementsPerPage)]
        if let nextToken { members["nextToken"] = .string(nextToken) }
        var operation = Self.listAuditSuppressions
        operation.body = JSON.object(members).serialized()
        guard
            let page = Page(
                try await performForJSON(operation, in: region), elements: "suppressions", nextToken: "nextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("suppressions is missing") }
        return page
    }

    /// The audit suppressions, page by page; see ``listAuditSuppressions(region:nextToken:)``.
    package func auditSuppressions(region: Region) -> PaginatorSequence<JSON> {
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
            throw operation.invalidInput("the audit task ID is not 1 to 40 letters, digits and dashes")
        }
    }
}
