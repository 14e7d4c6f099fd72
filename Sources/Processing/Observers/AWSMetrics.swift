package import AWSClient
import AWSCore
package import CoreMetrics
import Metrics
package import Telemetry

/// Metrics of AWS API calls.
package struct AWSMetrics: Sendable {
    private let calls: CounterTable
    private let throttles: CounterTable
    private let accountRegions: LabelCardinalityLimiter
    private let factory: any MetricsFactory

    /// Registers the metrics.
    ///
    /// - Parameter accountRegions: limits the number of series.
    package init(_ factory: any MetricsFactory, _ accountRegions: LabelCardinalityLimiter) {
        calls = CounterTable(
            "defender_bridge_aws_calls_total", ["service", "operation", "outcome"],
            predefined: ["BatchImportFindings", "BatchUpdateFindings", "GetFindings"].flatMap { operation in
                ["ok", "throttled"].map { [AWSService.securityHub.rawValue, operation, $0] }
            }, factory)
        throttles = CounterTable("defender_bridge_aws_throttles_total", ["account", "region"], predefined: [], factory)
        self.accountRegions = accountRegions
        self.factory = factory
    }

    /// Records an attempt at a call.
    package func recordCall(_ call: AWSCall) {
        let service = call.service.rawValue
        calls.add(1, service, call.operation, Self.outcome(call.failure))
        if let duration = call.duration {
            Metrics.Timer(
                label: "defender_bridge_aws_call_duration_seconds",
                dimensions: [("service", service), ("operation", call.operation)], factory: factory
            ).record(duration: duration)
        }
        guard call.failure == .throttled, let account = call.account else { return }
        let labels = accountRegions.labels(of: AccountRegion(account: account, region: call.region))
        throttles.add(1, labels.account, labels.region)
    }

    /// The value of the label `outcome`.
    package static func outcome(_ failure: AWSError.Kind?) -> String {
        switch failure {
        case nil: "ok"
        case .throttled: "throttled"
        case .transient: "transient"
        case .expiredCredentials: "expired_credentials"
        case .noCredentials: "no_credentials"
        case .accessDenied: "access_denied"
        case .notEnabled: "not_enabled"
        case .notFound: "not_found"
        case .invalid: "invalid"
        case .canceled: "canceled"
        case .other: "other"
        }
    }
}
