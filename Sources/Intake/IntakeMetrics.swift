package import AWSCore
package import CoreMetrics
package import Encoding
package import ErrorCodes
import Metrics
import Store
import Telemetry

/// Metrics of intake.
package struct IntakeMetrics: Sendable {
    private static let routes = ["/sns", "/eventbridge", "/webhooks"]
    /// Outcomes beside those of ``AcceptedDeliveries`` and ``SubscriptionOutcome``.
    private static let (rejected, deferred) = ("rejected", "deferred")

    private let deliveries: CounterTable
    private let rejections: CounterTable
    private let durations: MetricTable<Metrics.Timer>
    private let last: MetricTable<Gauge>
    private let faults: CounterTable
    private let closed: CounterTable
    private let unrelated: CounterTable
    private let ignoredEvents: CounterTable
    /// When mapped sources last delivered.
    package let arrivals: SourceArrivals
    private let topics = TopicSeries()
    private let detailTypes = DetailTypeSeries()

    /// Creates the metrics.
    ///
    /// - Parameter startedAt: the start of the process.
    package init(_ factory: any MetricsFactory, startedAt: Timestamp = WallClock.now()) {
        arrivals = SourceArrivals(startedAt: startedAt)
        let outcomes = AcceptedDeliveries.Outcome.allCases.map(\.rawValue) + [Self.rejected, Self.deferred]
        deliveries = CounterTable(
            "defender_bridge_deliveries_total", ["route", "outcome"],
            predefined: Self.routes.flatMap { route in outcomes.map { [route, $0] } }
                + SubscriptionOutcome.allCases.map { ["/sns", $0.rawValue] },
            factory)
        rejections = CounterTable("defender_bridge_refusals_total", ["route", "reason"], predefined: [], factory)
        durations = MetricTable(Self.routes) {
            Metrics.Timer(
                label: "defender_bridge_delivery_duration_seconds", dimensions: [("route", $0)], factory: factory)
        }
        last = MetricTable(Self.routes) {
            Gauge(
                label: "defender_bridge_last_delivery_timestamp_seconds", dimensions: [("route", $0)], factory: factory)
        }
        faults = CounterTable("defender_bridge_http_faults_total", ["code"], predefined: [], factory)
        closed = CounterTable(
            "defender_bridge_connections_closed_total", ["kind"], predefined: [["idle"], ["new"]], factory)
        ignoredEvents = CounterTable(
            "defender_bridge_ignored_events_total", ["detail_type"], predefined: [], factory)
        unrelated = CounterTable("defender_bridge_unrelated_messages_total", ["topic"], predefined: [], factory)
    }

    /// Records the result of a request.
    ///
    /// - Parameters:
    ///   - duration: time from the complete request to the result.
    ///   - now: the time.
    package func record(_ result: IntakeResult, route: String, after duration: Duration, now: Timestamp) {
        durations[route]?.record(duration: duration)
        switch result {
        case .accepted(let accepted):
            record(accepted, route: route)
            arrivals.record(Set(accepted.queued.compactMap(\.delivery.source)), at: now)
            last[route]?.record(Double(now.milliseconds) / 1000)
        case .subscription(let outcome):
            deliveries.add(1, route, outcome.rawValue)
            last[route]?.record(Double(now.milliseconds) / 1000)
        case .rejected(let error, _):
            deliveries.add(1, route, Self.rejected)
            rejections.add(1, route, error.code.rawValue)
        case .deferred(let error):
            deliveries.add(1, route, Self.deferred)
            rejections.add(1, route, error.code.rawValue)
        }
    }

    private func record(_ accepted: AcceptedDeliveries, route: String) {
        deliveries.add(accepted.stored, route, AcceptedDeliveries.Outcome.stored.rawValue)
        deliveries.add(
            accepted.queued.count - accepted.stored, route, AcceptedDeliveries.Outcome.duplicate.rawValue)
        // A request without any event counts, too.
        let isEmpty = accepted.queued.isEmpty && accepted.ignored == 0 && accepted.notServed == 0
        deliveries.add(isEmpty ? 1 : accepted.ignored, route, AcceptedDeliveries.Outcome.ignored.rawValue)
        for type in accepted.ignoredTypes { ignoredEvents.add(1, detailTypes.label(of: type)) }
        deliveries.add(accepted.notServed, route, Self.rejected)
        rejections.add(accepted.notServed, route, ErrorCode.accountRegionNotServed.rawValue)
    }

    /// Counts a message of an allowed topic that does not come from Device Defender.
    package func countUnrelated(_ topic: ARN) { unrelated.add(1, topics.label(of: topic)) }

    /// Counts a request that is not valid HTTP.
    package func countFault(code: ErrorCode) { faults.add(1, code.rawValue) }

    /// Counts connections closed because the connection limit was reached.
    package func connectionLimitReached(idleClosed: Int, rejected: Int) {
        closed.add(idleClosed, "idle")
        closed.add(rejected, "new")
    }
}
