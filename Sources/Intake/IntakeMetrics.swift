package import AWSCore
package import CoreMetrics
package import ErrorCodes
import HTTPServer
import HTTPTypes
import Metrics
import Telemetry

/// Metrics of intake.
package struct IntakeMetrics: Sendable {
    private static let routes = ["/sns", "/eventbridge"]

    private let deliveries: CounterTable
    private let rejections: CounterTable
    private let durations: MetricTable<Metrics.Timer>
    private let last: MetricTable<Gauge>
    private let faults: CounterTable
    private let closed: CounterTable
    private let unrelated: CounterTable
    private let topics = TopicSeries()

    package init(_ factory: any MetricsFactory) {
        let all = ["stored", "duplicate", "ignored", "rejected", "deferred"]
        let subscriptionOutcomes = ["confirmed", "resubscribed", "pending", "unsubscribed"]
        deliveries = CounterTable(
            "defender_bridge_deliveries_total", ["route", "outcome"],
            predefined: Self.routes.flatMap { route in all.map { [route, $0] } }
                + subscriptionOutcomes.map { ["/sns", $0] },
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
        unrelated = CounterTable("defender_bridge_unrelated_messages_total", ["topic"], predefined: [], factory)
    }

    /// Records the response to a delivery.
    ///
    /// - Parameters:
    ///   - duration: time from the complete request to the response.
    ///   - now: milliseconds since 1970.
    package func recordResponse(_ result: IntakeResult, route: String, after duration: Duration, now: Int64) {
        durations[route]?.record(duration: duration)
        guard result.rejection != nil else {
            for part in result.parts.isEmpty ? [IntakeResult.Part(outcome: result.outcome)] : result.parts {
                deliveries.add(part.count, route, part.isRejected ? "rejected" : part.outcome)
                if part.isRejected { rejections.add(part.count, route, part.outcome) }
            }
            last[route]?.record(Double(now) / 1000)
            return
        }
        deliveries.add(1, route, result.response.status == .serviceUnavailable ? "deferred" : "rejected")
        rejections.add(1, route, result.outcome)
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
