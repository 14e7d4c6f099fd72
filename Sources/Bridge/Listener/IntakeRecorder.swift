import AWSCore
import Admin
import Encoding
import ErrorCodes
import HTTPServer
import HTTPTypes
import Intake
import Logging
import Processing
import Telemetry

/// Records the results of intake in the metrics, the activity log and the log, and notes deferrals and outages.
struct IntakeRecorder: IntakeObserver {
    let metrics: IntakeMetrics
    let activity: ActivityLog
    /// Records when deliveries are deferred.
    let gap: OutageTracker
    let outage: StoreOutageTracker
    let logger: Logger
    let clock: @Sendable () -> Int64

    func record(_ result: IntakeResult, of request: ServerRequest, route: String, after duration: Duration) {
        let now = clock()
        metrics.recordResponse(result, route: route, after: duration, now: now)
        for delivery in result.queued { activity.recordDelivery(from: delivery.accountRegion, isNew: delivery.isNew) }
        if let topic = result.unrelatedTopic {
            metrics.countUnrelated(topic)
            activity.recordUnrelated(topic)
        }
        logParts(of: result, request)
        if result.response.status == .serviceUnavailable { gap.recordDeferral(now: MonotonicClock.milliseconds()) }
        if let reason = result.rejection {
            let isOutage = result.outcome == ErrorCode.storeUnavailable.rawValue
            if isOutage { outage.failed(reason, to: .intake) }
            logger.log(
                .deliveryRejected, at: isOutage ? .debug : nil,
                [
                    .route: .string(route), .status: .integer(result.response.status.code),
                    .code: .string(result.outcome), .reason: .string(reason), .peer: .string(request.peer.text),
                    .request: .string(request.id), .claim: result.claim.map { .string($0) },
                ])
        }
    }

    /// Records a delivery that was sent to a wrong path. The response does not change.
    func recordMisdirected(_ request: ServerRequest) {
        guard let delivery = MisdirectedDelivery(request) else { return }
        activity.recordMisdirected(delivery)
        logger.log(
            .deliveryMisdirected,
            [
                .path: .string(delivery.path), .peer: .string(request.peer.text),
                .reason:
                    "\(delivery.sender.name) must send to \(delivery.sender.path). \(delivery.sender.remediation)",
            ])
    }

    /// Logs each of several deliveries, and events that are not served: the request's own log line has no fields for them.
    private func logParts(of result: IntakeResult, _ request: ServerRequest) {
        if result.queued.count > 1 {
            for delivery in result.queued {
                var fields = LogFields(capacity: 6)
                fields.add(delivery.details)
                fields.add(.outcome, .string(delivery.isNew ? IntakeResult.stored : "duplicate"))
                fields.add(.request, .string(request.id))
                logger.log(.batchedEventReceived, fields)
            }
        }
        for part in result.parts where part.isRejected {
            logger.log(
                .eventsNotServed,
                [
                    .code: .string(part.outcome), .count: .integer(part.count), .peer: .string(request.peer.text),
                    .request: .string(request.id),
                    .reason: .string(
                        "\(part.count) of the request's events have no topic in sns.topics. "
                            + "Add a topic of their account and Region, or correct the EventBridge rule."),
                ])
        }
    }
}
