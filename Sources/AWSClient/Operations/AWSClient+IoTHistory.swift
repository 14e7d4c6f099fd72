public import AWSCore
import FoundationEssentials
import HTTPTypes

/// What Device Defender tells of the past: the audits that ran, and the alarms that were raised and ended.
extension AWSClient {
    /// How many elements AWS gives in one page at most.
    private static let elementsPerPage = 250

    /// The audits that began in a time, in no order, page by page (AWS IoT `ListAuditTasks`). AWS keeps them for 90 days,
    /// and refuses an earlier beginning.
    ///
    /// - Parameter times: milliseconds since 1970, told to AWS in whole seconds.
    public func auditTasks(in times: ClosedRange<Int64>, region: Region) -> PaginatorSequence {
        list("ListAuditTasks", "/audit/tasks", elements: "tasks", Self.parameters(times), region)
    }

    /// What happened to alarms in a time, page by page (AWS IoT `ListViolationEvents`). AWS keeps it for 30 days.
    ///
    /// - Parameter times: milliseconds since 1970, told to AWS in whole seconds.
    public func violationEvents(in times: ClosedRange<Int64>, region: Region) -> PaginatorSequence {
        list("ListViolationEvents", "/violation-events", elements: "violationEvents", Self.parameters(times), region)
    }

    /// The alarms that are raised now, page by page (AWS IoT `ListActiveViolations`).
    public func activeViolations(region: Region) -> PaginatorSequence {
        list("ListActiveViolations", "/active-violations", elements: "activeViolations", [], region)
    }

    /// Has AWS tell the time, which ``AWSClock/serviceNow`` then gives: by the first page of a list, shortened to one element.
    ///
    /// - Throws: ``AWSError`` if there was no response.
    public func fetchServiceTime(region: Region) async throws(AWSError) {
        var operation = Operation(service: .iot, name: "ListActiveViolations", method: .get, path: "/active-violations")
        operation.query = [("maxResults", "1")]
        do throws(AWSError) {
            _ = try await perform(operation, in: region)
        } catch {
            // A response that denies the list has the time as well; one that has none will not have it next time.
            guard error.status == nil else { return }
            throw error
        }
    }

    private func list(
        _ name: String, _ path: String, elements: String, _ parameters: [(name: String, value: String)],
        _ region: Region
    ) -> PaginatorSequence {
        var operation = Operation(service: .iot, name: name, method: .get, path: path)
        operation.query = parameters + [("maxResults", String(Self.elementsPerPage))]
        return PaginatorSequence(operation: operation) { [operation] nextToken throws(AWSError) in
            var operation = operation
            if let nextToken { operation.query.append(("nextToken", nextToken)) }
            guard
                let page = Page(
                    try await performForJSON(operation, in: region), elements: elements, nextToken: "nextToken",
                    date: clock.serviceNow)
            else { throw operation.malformedResponse("it has no \(elements)") }
            return page
        }
    }

    private static func parameters(_ times: ClosedRange<Int64>) -> [(name: String, value: String)] {
        [("startTime", timestamp(times.lowerBound)), ("endTime", timestamp(times.upperBound))]
    }

    /// ISO 8601 to the second, as AWS's own clients write a time in a query.
    private static func timestamp(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: (Double(milliseconds) / 1000).rounded(.down)).formatted(.iso8601)
    }
}
