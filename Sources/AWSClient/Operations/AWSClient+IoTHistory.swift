package import AWSCore
package import Encoding
import HTTPTypes
package import JSON

/// Device Defender's history: past audits and alarms.
extension AWSClient {
    /// AWS's maximum page size.
    private static let elementsPerPage = 250

    /// The audits that started in a time range, unordered (AWS IoT `ListAuditTasks`). AWS keeps them for 90 days, and
    /// rejects an earlier start of the range.
    ///
    /// - Parameter times: are sent in whole seconds.
    package func auditTasks(in times: ClosedRange<Timestamp>, region: Region) -> PaginatorSequence<JSON> {
        list("ListAuditTasks", "/audit/tasks", elements: "tasks", Self.parameters(times), region)
    }

    /// The alarm events in a time range (AWS IoT `ListViolationEvents`). AWS keeps them for 30 days.
    ///
    /// - Parameter times: are sent in whole seconds.
    package func violationEvents(in times: ClosedRange<Timestamp>, region: Region) -> PaginatorSequence<JSON> {
        list("ListViolationEvents", "/violation-events", elements: "violationEvents", Self.parameters(times), region)
    }

    /// The active alarms (AWS IoT `ListActiveViolations`).
    package func activeViolations(region: Region) -> PaginatorSequence<JSON> {
        list("ListActiveViolations", "/active-violations", elements: "activeViolations", [], region)
    }

    /// Fetches AWS's time, available as ``AWSClock/serviceNow`` afterwards, with a list request for one element.
    ///
    /// - Throws: ``AWSError`` if there was no response.
    package func fetchServiceTime(region: Region) async throws(AWSError) {
        var operation = Operation(service: .iot, name: "ListActiveViolations", method: .get, path: "/active-violations")
        operation.query = [("maxResults", "1")]
        do throws(AWSError) {
            _ = try await perform(operation, in: region)
        } catch {
            // An error response has a `Date` as well.
            guard error.status == nil else { return }
            throw error
        }
    }

    private func list(
        _ name: String, _ path: String, elements: String, _ parameters: [(name: String, value: String)],
        _ region: Region
    ) -> PaginatorSequence<JSON> {
        var operation = Operation(service: .iot, name: name, method: .get, path: path)
        operation.query = parameters + [("maxResults", String(Self.elementsPerPage))]
        return PaginatorSequence(operation: operation) { [operation] nextToken throws(AWSError) in
            var operation = operation
            if let nextToken { operation.query.append(("nextToken", nextToken)) }
            guard
                let page = Page(
                    try await performForJSON(operation, in: region), elements: elements, nextToken: "nextToken",
                    date: clock.serviceNow)
            else { throw operation.malformedResponse("\(elements) is missing") }
            return page
        }
    }

    private static func parameters(_ times: ClosedRange<Timestamp>) -> [(name: String, value: String)] {
        // As AWS's SDKs format times in queries.
        [("startTime", times.lowerBound.iso8601Seconds), ("endTime", times.upperBound.iso8601Seconds)]
    }
}
