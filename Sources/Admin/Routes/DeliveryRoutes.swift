import AWSCore
package import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
package import Store

/// The route `/deliveries/{id}` on `admin.address`: the way of a delivery.
package struct DeliveryRoutes: Sendable {
    let store: any DeliveryQueue & FindingLedger
    let activity: ActivityLog
    /// The name of this replica, as in the owner of its leases.
    let replica: String
    let clock: @Sendable () -> Timestamp

    /// Adds the route to a router.
    package func add(to router: inout Router) {
        router.on(.get, template: "/deliveries/{id}") { _, ids in await show(ids[0]) }
    }

    private func show(_ id: String) async -> ServerResponse {
        do throws(StoreError) {
            let record = try await store.deliveryRecord(id: id)
            let trace = activity.traces.trace(of: id)
            guard let place = record?.accountRegion ?? trace?.accountRegion else { return Self.unknown }
            let ids = trace?.findings.entries.map(\.id) ?? []
            let report = DeliveryReport(
                id: id, accountRegion: place, record: record, trace: trace,
                rows: ids.isEmpty ? [:] : try await store.ledgerRows(ids: Array(Set(ids))), replica: replica,
                now: clock())
            return ServerResponse(status: .ok, json: report.json)
        } catch {
            return .unavailable(code: .storeUnavailable, message: error.message)
        }
    }

    private static let unknown = ServerResponse.rejection(
        .notFound, code: .noSuchDelivery,
        message:
            "No delivery with this id is known. Completed deliveries are forgotten after some hours: search the log for the id."
    )

    /// Creates the route.
    ///
    /// - Parameters:
    ///   - replica: the name of this replica, as in the owner of its leases.
    ///   - clock: returns the present time.
    package init(
        store: any DeliveryQueue & FindingLedger, activity: ActivityLog, replica: String,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.activity = activity
        self.replica = replica
        self.clock = clock
    }
}
