import CoreMetrics
import HTTPServer
import HTTPTypes
import Metrics

/// What is counted of what comes in.
struct IntakeMetrics: Sendable {
    private static let routes = ["/sns", "/eventbridge"]

    private let deliveries: CounterTable
    private let refusals: CounterTable
    private let durations: MetricTable<Metrics.Timer>
    private let last: MetricTable<Gauge>
    private let faults: CounterTable
    private let closed: CounterTable

    init(_ factory: any MetricsFactory) {
        let all = ["stored", "duplicate", "ignored", "refused", "deferred"]
        let ofSubscriptions = ["confirmed", "resubscribed", "pending", "unsubscribed"]
        deliveries = CounterTable(
            "defender_bridge_deliveries_total", ["route", "outcome"],
            usual: Self.routes.flatMap { route in all.map { [route, $0] } } + ofSubscriptions.map { ["/sns", $0] },
            factory)
        refusals = CounterTable("defender_bridge_refusals_total", ["route", "reason"], usual: [], factory)
        durations = MetricTable(Self.routes) {
            Metrics.Timer(
                label: "defender_bridge_delivery_duration_seconds", dimensions: [("route", $0)], factory: factory)
        }
        last = MetricTable(Self.routes) {
            Gauge(
                label: "defender_bridge_last_delivery_timestamp_seconds", dimensions: [("route", $0)], factory: factory)
        }
        faults = CounterTable("defender_bridge_http_faults_total", ["code"], usual: [], factory)
        closed = CounterTable(
            "defender_bridge_connections_closed_total", ["kind"], usual: [["idle"], ["new"]], factory)
    }

    /// A delivery was answered.
    ///
    /// - Parameter now: milliseconds since 1970.
    func answered(_ answer: IntakeAnswer, route: String, after duration: Duration, now: Int64) {
        durations[route]?.record(duration: duration)
        guard answer.refusal != nil else {
            deliveries.add(1, route, answer.outcome)
            last[route]?.record(Double(now) / 1000)
            return
        }
        deliveries.add(1, route, answer.response.status == .serviceUnavailable ? "deferred" : "refused")
        refusals.add(1, route, answer.outcome)
    }

    /// A request could not be read.
    func fault(code: String) { faults.add(1, code) }

    /// Connections were closed because there were too many.
    func crowded(idleClosed: Int, refused: Int) {
        closed.add(idleClosed, "idle")
        closed.add(refused, "new")
    }
}
