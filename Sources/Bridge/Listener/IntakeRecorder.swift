import AWSCore
import Admin
import Encoding
import ErrorCodes
import HTTPServer
import HTTPTypes
import Intake
import Logging
import Processing
import Store
import Telemetry

/// Records the results of intake in the metrics, the activity log and the log, and notes deferrals and outages.
struct IntakeRecorder: IntakeObserver {
    let metrics: IntakeMetrics
    let activity: ActivityLog
    /// Records when deliveries are deferred.
    let gap: OutageTracker
    let outage: StoreOutageTracker
    let accessLog: AccessLog
    let logger: Logger
    let clock: @Sendable () -> Timestamp

    func record(_ result: IntakeResult, of request: ServerRequest, route: String, after duration: Duration) {
        metrics.record(result, route: route, after: duration, now: clock())
        accessLog.add(LogFields(result), toLineOf: request)
        switch result {
        case .accepted(let deliveries): record(deliveries, request)
        case .subscription: break
        case .rejected(let error, _): logRejection(result, error, of: request, route: route)
        case .deferred(let error):
            let isOutage = error.code == .storeUnavailable
            if isOutage { outage.failed(error.message, to: .intake) }
            // The rate limit of one source keeps nothing else from being accepted.
            if error.code != .rateLimited { gap.recordDeferral(now: MonotonicClock.elapsed()) }
            logRejection(result, error, of: request, route: route, at: isOutage ? .debug : nil)
        }
    }

    private func record(_ deliveries: AcceptedDeliveries, _ request: ServerRequest) {
        for queued in deliveries.queued {
            activity.recordDelivery(
                from: queued.delivery.accountRegion, by: queued.delivery.topic, isNew: queued.isNew)
        }
        if let topic = deliveries.unrelatedTopic {
            metrics.countUnrelated(topic)
            activity.recordUnrelated(topic)
        }
        logParts(of: deliveries, request)
    }

    private func logRejection(
        _ result: IntakeResult, _ error: IntakeError, of request: ServerRequest, route: String,
        at level: Logger.Level? = nil
    ) {
        logger.log(
            .deliveryRejected, at: level,
            [
                .route: .string(route), .status: .integer(IntakeResponder.status(of: result).code),
                .code: "\(error.code)", .reason: .string(error.message), .peer: .string(request.peer.text),
                .request: .string(request.id), .claim: result.claim.map { .string($0) },
            ])
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
    private func logParts(of deliveries: AcceptedDeliveries, _ request: ServerRequest) {
        // The items of a webhook's request have one line together: a request can have 1,000.
        if deliveries.queued.count > 1, deliveries.queued[0].delivery.channel != .webhook {
            for queued in deliveries.queued {
                var fields = LogFields(queued)
                fields.add(.outcome, .string(queued.outcome.rawValue))
                fields.add(.request, .string(request.id))
                logger.log(.batchedEventReceived, fields)
            }
        }
        if deliveries.notServed > 0 {
            logger.log(
                .eventsNotServed,
                [
                    .code: "\(ErrorCode.accountRegionNotServed)", .count: .integer(deliveries.notServed),
                    .peer: .string(request.peer.text), .request: .string(request.id),
                    .reason: .string(
                        "\(deliveries.notServed) of the request's events have no topic in sns.topics. "
                            + "Add a topic of their account and Region, or correct the EventBridge rule."),
                ])
        }
    }
}

extension LogFields {
    /// The fields that a request of intake adds to its line in the access log.
    fileprivate init(_ result: IntakeResult) {
        self = [.outcome: .string(result.word), .claim: result.claim.map { .string($0) }]
        guard case .accepted(let deliveries) = result, let first = deliveries.queued.first else { return }
        if deliveries.queued.count == 1 {
            add(LogFields(first))
        } else if first.delivery.channel == .webhook {
            add(LogFields(first.delivery))
            add(.count, .integer(deliveries.queued.count))
        }
    }

    /// The fields about a delivery in the queue.
    fileprivate init(_ queued: QueuedDelivery) {
        let delivery = queued.delivery
        self = [
            .delivery: .string(delivery.id),
            .messageID: delivery.channel == .sns ? queued.senderID.map { .string($0) } : nil,
            .topic: delivery.topic.map { "\($0)" },
            .eventID: delivery.channel == .eventBridge ? queued.senderID.map { .string($0) } : nil,
        ]
        add(LogFields(delivery))
    }

    /// The fields about where a delivery belongs.
    private init(_ delivery: Delivery) {
        self = [
            .account: .string(delivery.accountRegion.account.digits),
            .region: .string(delivery.accountRegion.region.name), .source: delivery.source.map { .string($0) },
        ]
    }
}

extension IntakeResult {
    /// The claim of the bearer token that caused a rejection; nil for other results.
    fileprivate var claim: String? {
        if case .rejected(_, .unauthorized(_, let claim)) = self { claim } else { nil }
    }
}
