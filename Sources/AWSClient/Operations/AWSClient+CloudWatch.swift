package import AWSCore
package import JSON

extension AWSClient {
    /// AWS's maximum page size.
    private static let alarmsPerPage = 100

    /// The metric alarms, composite alarms and log alarms whose names have a prefix (Amazon CloudWatch `DescribeAlarms`).
    ///
    /// - Parameter prefix: 1 to 255 characters; empty for all alarms.
    package func cloudWatchAlarms(prefix: String, region: Region) -> PaginatorSequence<JSON> {
        var members: JSON.Members = [
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"], "MaxRecords": .integer(Self.alarmsPerPage),
        ]
        if !prefix.isEmpty { members["AlarmNamePrefix"] = .string(prefix) }
        return list("DescribeAlarms", members, region) { response in
            let lists = ["MetricAlarms", "CompositeAlarms", "LogAlarms"].compactMap { response[$0]?.array }
            // A service that does not know log alarms responds with fewer lists.
            return lists.isEmpty ? nil : Array(lists.joined())
        }
    }

    /// The contributors of an alarm that are in ALARM (Amazon CloudWatch `DescribeAlarmContributors`).
    package func cloudWatchAlarmContributors(of alarm: String, region: Region) -> PaginatorSequence<JSON> {
        list("DescribeAlarmContributors", ["AlarmName": .string(alarm)], region) { $0["AlarmContributors"]?.array }
    }

    private func list(
        _ name: String, _ members: JSON.Members, _ region: Region, elements: @escaping @Sendable (JSON) -> [JSON]?
    ) -> PaginatorSequence<JSON> {
        PaginatorSequence(operation: Self.cloudWatch(name, [:])) { nextToken throws(AWSError) in
            var members = members
            if let nextToken { members["NextToken"] = .string(nextToken) }
            let operation = Self.cloudWatch(name, members)
            let response = try await performForJSON(operation, in: region)
            guard let page = Page(elements(response), nextToken: response["NextToken"], date: clock.serviceNow) else {
                throw operation.malformedResponse("the list is missing")
            }
            return page
        }
    }

    private static func cloudWatch(_ name: String, _ members: JSON.Members) -> Operation {
        Operation(
            service: .cloudWatch, targeted: name, prefix: "GraniteServiceVersion20100801.", version: "1.0",
            members: members)
    }
}
