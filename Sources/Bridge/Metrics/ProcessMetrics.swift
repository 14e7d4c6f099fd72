package import CoreMetrics
import Metrics
import SNS
import Telemetry

/// Metrics of the process: event loops, reloads and certificates.
package struct ProcessMetrics: Sendable {
    /// Outcome of a configuration reload.
    enum Reload: String, Sendable, CaseIterable {
        case applied
        case unchanged
        case failed
    }

    /// The event loops, by purpose.
    enum Loop: String, Sendable, CaseIterable {
        case main
        case aws
        case listen
    }

    private let lag: MetricTable<Metrics.Timer>
    private let reloads: CounterTable
    private let lastReload: Gauge
    private let tlsReloads: CounterTable
    private let certificateFetches: CounterTable
    private let keyFetches: CounterTable
    private let factory: any MetricsFactory

    /// Creates the metrics.
    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        lag = MetricTable(Loop.allCases.map(\.rawValue)) {
            Metrics.Timer(label: "defender_bridge_loop_lag_seconds", dimensions: [("loop", $0)], factory: factory)
        }
        func counters(_ name: String, _ outcomes: [String]) -> CounterTable {
            CounterTable(name, ["outcome"], predefined: outcomes.map { [$0] }, factory)
        }
        reloads = counters("defender_bridge_configuration_reloads_total", Reload.allCases.map(\.rawValue))
        tlsReloads = counters("defender_bridge_tls_reloads_total", ["replaced", "failed"])
        certificateFetches = counters(
            "defender_bridge_signing_certificate_fetches_total", ["ok", "refused", "unavailable"])
        keyFetches = counters("defender_bridge_token_key_fetches_total", ["ok", "failed"])
        lastReload = Gauge(
            label: "defender_bridge_configuration_last_reload_successful", dimensions: [], factory: factory)
        lastReload.record(1)
    }

    /// Records the lag of an event loop.
    func lagged(_ loop: Loop, by duration: Duration) { lag[loop.rawValue]?.record(duration: max(duration, .zero)) }

    /// Records a configuration reload.
    func reloaded(_ outcome: Reload) {
        reloads.add(1, outcome.rawValue)
        lastReload.record(outcome == .failed ? 0 : 1)
    }

    /// Records a reload of the listener's certificate, with the outcome `replaced` or `failed`.
    func certificateReloaded(_ outcome: String) { tlsReloads.add(1, outcome) }

    /// Sets the expiry of the TLS certificate in use.
    ///
    /// - Parameter seconds: since 1970.
    func certificateExpires(at seconds: Int64) {
        Gauge(label: "defender_bridge_tls_certificate_expiry_timestamp_seconds", dimensions: [], factory: factory)
            .record(seconds)
    }

    /// Records a fetch of an SNS signing certificate.
    ///
    /// - Parameter rejection: the error; nil if the fetch succeeded.
    func certificateFetched(_ rejection: SNSError.Kind?) {
        switch rejection {
        case nil: certificateFetches.add(1, "ok")
        case .unavailable: certificateFetches.add(1, "unavailable")
        case .rejected, .malformed: certificateFetches.add(1, "refused")
        }
    }

    /// Records a fetch of the OAuth signing keys.
    func keysFetched(_ isGood: Bool) { keyFetches.add(1, isGood ? "ok" : "failed") }
}
