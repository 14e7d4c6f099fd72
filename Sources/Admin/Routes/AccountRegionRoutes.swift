package import AWSClient
import AWSCore
import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
import Processing
package import Store

/// The route `/account-regions/{account}/{region}` on `admin.address`: one account-Region in detail.
package struct AccountRegionRoutes: Sendable {
    let report: StatusReport
    let store: any DeliveryQueue
    let accounts: AccountClients

    /// The most dead letters in the response.
    private static let deadLetterLimit = 50
    /// How many of the newest dead letters of all account-Regions are searched for them.
    private static let searchLimit = 1000

    /// Adds the route to a router.
    package func add(to router: inout Router) {
        router.on(.get, template: "/account-regions/{account}/{region}") { _, names in await show(names) }
    }

    private func show(_ names: [String]) async -> ServerResponse {
        guard names.count == 2, let account = AccountID(names[0]), let region = Region(names[1]),
            var members = await report.accountRegion(AccountRegion(account: account, region: region))
        else { return Self.unknown }
        let place = AccountRegion(account: account, region: region)
        members["schemaVersion"] = .integer(StatusReport.schemaVersion)
        members["rateLimits"] = .array(
            accounts.paceLevels.filter { $0.accountRegion == place }.map { level in
                [
                    "api": .string(level.operation), "requestsPerSecond": .number("\(level.rate)"),
                    "throttledAt": members["throttledAt"] ?? .null,
                ]
            })
        do throws(StoreError) {
            let letters = try await store.newestDeadLetters(limit: Self.searchLimit)
            members["deadLetters"] = .array(
                letters.filter { $0.accountRegion == place }.prefix(Self.deadLetterLimit).map(DeadLetterReport.json))
            members["pauses"] = .array(
                try await store.pauses().filter { pause in
                    pause.scope.source != nil || pause.applies(to: DeliveryLane(place))
                }.map(QueueReport.json))
        } catch {
            (members["deadLetters"], members["pauses"]) = (.null, .null)
        }
        return ServerResponse(status: .ok, json: .object(members))
    }

    private static let unknown = ServerResponse.rejection(
        .notFound, code: .noSuchAccountRegion,
        message: "The bridge knows nothing about this account and Region. /status.json lists those that are known.")

    /// Creates the route.
    package init(report: StatusReport, store: any DeliveryQueue, accounts: AccountClients) {
        self.report = report
        self.store = store
        self.accounts = accounts
    }
}
