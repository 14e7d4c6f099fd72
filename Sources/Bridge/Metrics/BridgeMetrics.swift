package import CoreMetrics
package import Intake
package import Processing
package import Telemetry

/// The bridge's metrics, named by Prometheus's conventions. deploy/docs/metrics.md lists them.
package struct BridgeMetrics: Sendable {
    /// Intake of deliveries.
    package let intake: IntakeMetrics
    /// Processing of deliveries and findings.
    let work: ProcessingMetrics
    /// AWS API calls.
    package let aws: AWSMetrics
    /// Transactions and connections of the store.
    package let store: StoreMetrics
    /// The process: event loops, reloads and certificates.
    package let process: ProcessMetrics
    /// Limits the number of series by account-Region.
    package let accountRegions = LabelCardinalityLimiter()

    /// Upper bounds of histogram buckets that differ from the defaults, by metric name, for
    /// ``PrometheusRegistry/init(help:buckets:)``.
    package static let buckets: [String: [Double]] = [
        // Up to two days: an audit alone takes hours.
        "defender_bridge_event_delay_seconds": [
            0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 172_800,
        ],
        "defender_bridge_delivery_delay_seconds": [
            0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400,
        ],
    ]

    /// Creates the metrics in a factory. Each bridge in a process needs its own.
    package init(factory: any MetricsFactory) {
        intake = IntakeMetrics(factory)
        work = ProcessingMetrics(factory)
        aws = AWSMetrics(factory, accountRegions)
        store = StoreMetrics(factory)
        process = ProcessMetrics(factory)
    }
}
