package import AWSCore
package import JSON

extension AWSClient {
    /// The rules of the default event bus (Amazon EventBridge `ListRules`).
    package func rules(region: Region) -> PaginatorSequence<JSON> {
        PaginatorSequence(operation: Self.eventService("ListRules", [:])) { nextToken throws(AWSError) in
            var members: JSON.Members = ["Limit": 100]
            if let nextToken { members["NextToken"] = .string(nextToken) }
            return try await page(Self.eventService("ListRules", members), elements: "Rules", region)
        }
    }

    /// The targets of a rule (Amazon EventBridge `ListTargetsByRule`).
    package func targets(ofRule name: String, region: Region) -> PaginatorSequence<JSON> {
        PaginatorSequence(operation: Self.eventService("ListTargetsByRule", [:])) { nextToken throws(AWSError) in
            var members: JSON.Members = ["Rule": .string(name), "Limit": 100]
            if let nextToken { members["NextToken"] = .string(nextToken) }
            return try await page(Self.eventService("ListTargetsByRule", members), elements: "Targets", region)
        }
    }

    private func page(_ operation: Operation, elements: String, _ region: Region) async throws(AWSError) -> Page<JSON> {
        guard
            let page = Page(
                try await performForJSON(operation, in: region), elements: elements, nextToken: "NextToken",
                date: clock.serviceNow)
        else { throw operation.malformedResponse("\(elements) is missing") }
        return page
    }

    private static func eventService(_ name: String, _ members: JSON.Members) -> Operation {
        Operation(service: .events, targeted: name, prefix: "AWSEvents.", members: members)
    }
}
