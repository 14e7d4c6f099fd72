public import CoreMetrics

/// What the bridge counts, by Prometheus's naming conventions. README has the table of it.
public struct BridgeMetrics: Sendable {
    /// What comes in.
    let intake: IntakeMetrics
    /// The work on deliveries, and what becomes of findings.
    let work: ProcessingMetrics
    /// What is asked of AWS.
    let aws: AWSMetrics
    /// The store's transactions and connections.
    let store: StoreMetrics
    /// The process: loops, settings and certificates.
    let process: ProcessMetrics
    /// Which accounts and Regions have series of their own.
    let accountRegions = LabelCardinalityLimiter()

    /// The upper bounds of buckets that are not the usual ones, by the metric's name: for
    /// ``PrometheusRegistry/init(help:buckets:)``.
    public static let buckets: [String: [Double]] = [
        // From a second to two days: an audit alone takes hours.
        "defender_bridge_event_delay_seconds": [
            0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 10_800, 21_600, 86_400, 172_800,
        ],
        "defender_bridge_delivery_delay_seconds": [
            0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400,
        ],
    ]

    /// Makes the metrics in a factory of its own, so that two bridges in one process do not mix theirs.
    public init(factory: any MetricsFactory) {
        intake = IntakeMetrics(factory)
        work = ProcessingMetrics(factory)
        aws = AWSMetrics(factory, accountRegions)
        store = StoreMetrics(factory)
        process = ProcessMetrics(factory)
    }
}
