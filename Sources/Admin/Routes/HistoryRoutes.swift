package import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
import Processing
package import Store

/// The route `/history.json` on `admin.address`.
package struct HistoryRoutes: Sendable {
    let store: any StatusStore
    let clock: @Sendable () -> Timestamp

    /// Adds the route to a router.
    package func add(to router: inout Router) {
        router.on(.get, "/history.json") { await respond(to: $0) }
    }

    private func respond(to request: ServerRequest) async -> ServerResponse {
        guard let series = Self.series(of: request.query) else {
            return .rejection(
                .badRequest, code: .invalidQuery,
                message: "The range is missing or unknown. Use ?range=24h or ?range=30d.")
        }
        do throws(StoreError) {
            return ServerResponse(
                status: .ok, json: Self.json(try await store.history(series), of: series, now: clock()))
        } catch {
            return .unavailable(code: .storeUnavailable, message: error.message)
        }
    }

    /// The series that a query names.
    static func series(of query: Substring) -> HistoryPoint.Series? {
        HistoryPoint.Series.allCases.first { "range=\($0.rawValue)".utf8.elementsEqual(query.utf8) }
    }

    /// The document. Points outside of the range are left out: they were added while a clock was wrong.
    static func json(_ points: [HistoryPoint], of series: HistoryPoint.Series, now: Timestamp) -> JSON {
        let shown = points.filter { $0.at > now - series.length && $0.at <= now }
        return [
            "schemaVersion": .integer(StatusReport.schemaVersion), "range": .string(series.rawValue),
            "stepSeconds": .seconds(series.step), "points": .array(shown.map(json)),
        ]
    }

    private static func json(_ point: HistoryPoint) -> JSON {
        let open = point.open.map { (UTF8Text($0.key.rawValue), JSON.integer($0.value)) }
        return [
            "at": .time(point.at), "open": .object(JSON.Members(uniqueKeysWithValues: open)),
            "unsent": .integer(point.unsent), "pending": .integer(point.pending), "dead": .integer(point.dead),
        ]
    }

    /// Creates the route.
    ///
    /// - Parameter clock: returns the present time.
    package init(store: any StatusStore, clock: @escaping @Sendable () -> Timestamp) {
        self.store = store
        self.clock = clock
    }
}
