public import CoreMetrics
import Metrics
import Store

/// What the bridge counts, by Prometheus's naming conventions.
public struct BridgeMetrics: Sendable {
    let retries: Counter
    let deadLetters: Counter
    let importBatch: Recorder
    private let delay: Metrics.Timer
    private let factory: any MetricsFactory
    /// What is counted for the usual deliveries, made once: to look a series up takes a lock that all threads share.
    private let deliveries: [DeliverySeries: Counter]
    private let durations: [String: Metrics.Timer]

    private struct DeliverySeries: Hashable {
        let route: String
        let outcome: String

        func counter(_ factory: any MetricsFactory) -> Counter {
            Counter(
                label: "defender_bridge_deliveries_total", dimensions: [("route", route), ("outcome", outcome)],
                factory: factory)
        }
    }

    /// What each metric means.
    public static let help = [
        "defender_bridge_deliveries_total": "Deliveries received, by route and outcome.",
        "defender_bridge_delivery_duration_seconds": "Time from a whole request to its answer, by route.",
        "defender_bridge_http_faults_total": "Requests that could not be read, by code.",
        "defender_bridge_connections_closed_total": "Connections closed because there were too many, by kind.",
        "defender_bridge_tls_reloads_total": "Times that a new TLS certificate was found, by outcome.",
        "defender_bridge_tls_certificate_expiry_timestamp_seconds": "When the TLS certificate expires.",
        "defender_bridge_findings_total": "Findings by kind and what became of them.",
        "defender_bridge_import_batch_findings": "Findings in each call of BatchImportFindings.",
        "defender_bridge_delivery_delay_seconds": "Time from the receipt of a delivery to the end of the work on it.",
        "defender_bridge_retries_total": "Deliveries that failed and were put off.",
        "defender_bridge_dead_letters_total": "Deliveries that were given up.",
        "defender_bridge_queue_deliveries": "Deliveries in the store, by state.",
        "defender_bridge_queue_oldest_age_seconds": "Age of the oldest delivery that is not done.",
        "defender_bridge_ledger_findings": "Findings in the ledger, by record state.",
    ]

    /// Makes the metrics in a factory of its own, so that two bridges in one process do not mix theirs.
    public init(factory: any MetricsFactory) {
        self.factory = factory
        retries = Counter(label: "defender_bridge_retries_total", dimensions: [], factory: factory)
        deadLetters = Counter(label: "defender_bridge_dead_letters_total", dimensions: [], factory: factory)
        importBatch = Recorder(
            label: "defender_bridge_import_batch_findings", dimensions: [], aggregate: true, factory: factory)
        let routes = ["/sns", "/eventbridge"]
        let usual = routes.flatMap { route in
            ["stored", "duplicate", "ignored"].map { DeliverySeries(route: route, outcome: $0) }
        }
        deliveries = Dictionary(uniqueKeysWithValues: usual.map { ($0, $0.counter(factory)) })
        durations = Dictionary(uniqueKeysWithValues: routes.map { ($0, Self.duration($0, factory)) })
        delay = Metrics.Timer(label: "defender_bridge_delivery_delay_seconds", dimensions: [], factory: factory)
    }

    func received(route: String, outcome: String, duration: Duration) {
        let series = DeliverySeries(route: route, outcome: outcome)
        (deliveries[series] ?? series.counter(factory)).increment()
        (durations[route] ?? Self.duration(route, factory)).record(duration: duration)
    }

    private static func duration(_ route: String, _ factory: any MetricsFactory) -> Metrics.Timer {
        Metrics.Timer(
            label: "defender_bridge_delivery_duration_seconds", dimensions: [("route", route)], factory: factory)
    }

    func fault(code: String) {
        Counter(label: "defender_bridge_http_faults_total", dimensions: [("code", code)], factory: factory).increment()
    }

    /// Connections that were closed because there were too many.
    func crowded(idleClosed: Int, refused: Int) {
        for (kind, count) in [("idle", idleClosed), ("new", refused)] where count > 0 {
            Counter(label: "defender_bridge_connections_closed_total", dimensions: [("kind", kind)], factory: factory)
                .increment(by: count)
        }
    }

    /// The listener's certificate was read anew: `replaced` or `failed`.
    func certificateReloaded(_ outcome: String) {
        Counter(label: "defender_bridge_tls_reloads_total", dimensions: [("outcome", outcome)], factory: factory)
            .increment()
    }

    /// - Parameter seconds: since 1970.
    func certificateExpires(at seconds: Int64) {
        Gauge(label: "defender_bridge_tls_certificate_expiry_timestamp_seconds", dimensions: [], factory: factory)
            .record(seconds)
    }

    func completed(_ delivery: Delivery, now: Int64) { delay.recordMilliseconds(max(now - delivery.receivedAt, 0)) }

    /// Counts changes that were made.
    func count(_ changes: some Sequence<Change>) {
        let sent = changes.filter { $0.finding != nil }
        for (kind, ofKind) in Dictionary(grouping: sent, by: \.entry.kind) {
            let active = ofKind.count { $0.entry.recordState == .active }
            count(active, kind: kind, outcome: "imported")
            count(ofKind.count - active, kind: kind, outcome: "archived")
        }
    }

    func countUnchanged(_ count: Int, kind: LedgerEntry.Kind) {
        self.count(count, kind: kind, outcome: "unchanged")
    }

    private func count(_ count: Int, kind: LedgerEntry.Kind, outcome: String) {
        guard count > 0 else { return }
        Counter(
            label: "defender_bridge_findings_total", dimensions: [("kind", kind.rawValue), ("outcome", outcome)],
            factory: factory
        ).increment(by: count)
    }

    /// Sets the gauges to what the store holds.
    func set(_ status: StoreStatus, now: Int64) {
        func gauge(_ name: String, _ dimensions: [(String, String)] = [], _ value: Double) {
            Gauge(label: name, dimensions: dimensions, factory: factory).record(value)
        }
        let states = [
            ("pending", status.pending), ("leased", status.leased), ("completed", status.completed),
            ("dead", status.dead),
        ]
        for (state, count) in states { gauge("defender_bridge_queue_deliveries", [("state", state)], Double(count)) }
        let age = status.oldestReceivedAt.map { Double(max(now - $0, 0)) / 1000 } ?? 0
        gauge("defender_bridge_queue_oldest_age_seconds", [], age)
        gauge("defender_bridge_ledger_findings", [("record_state", "active")], Double(status.activeFindings))
        gauge("defender_bridge_ledger_findings", [("record_state", "archived")], Double(status.archivedFindings))
    }
}
