import AWSCore
import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import Logging
import Store

/// The routes of `listen.address`.
struct IntakeRoutes: Sendable {
    let intake: Reloadable<IntakeHandlers>
    let health: HealthRoutes
    let admission: Admission
    /// Records when deliveries are deferred.
    let gap: OutageTracker
    let outage: StoreOutageTracker
    let metrics: IntakeMetrics
    let activity: ActivityLog
    let logger: Logger
    let clock: @Sendable () -> Int64

    var router: Router {
        var router = Router()
        // Some consoles and proxies append a slash to an endpoint.
        for slash in ["", "/"] {
            router.on(.post, "/sns" + slash) { request in
                await respond("/sns", request) { _ in await intake.value.sns.receive(request) }
            }
            router.on(.post, "/eventbridge" + slash) { request in
                await respond("/eventbridge", request) { await intake.value.eventBridge.receive(request, reserve: $0) }
            }
        }
        health.add(to: &router)
        return router
    }

    /// The longest body that is parsed on a connection's event loop, in bytes. A longer one would block the loop's other
    /// connections for milliseconds.
    static let maximumOnLoop = 65_536

    /// Processes a delivery: a large one on another thread, and none whose client has disconnected, since its sender retries.
    static func bounded(
        _ request: ServerRequest, _ reserve: (Int) -> Bool,
        _ receive: @escaping (_ reserve: (Int) -> Bool) async -> IntakeResult
    ) async -> IntakeResult {
        guard !request.clientHasLeft else { return .abandoned }
        guard request.body.count > maximumOnLoop else { return await receive(reserve) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            // The request may have waited for a thread, and its client may have disconnected meanwhile.
            request.clientHasLeft ? .abandoned : await receive(reserve)
        }
    }

    /// The time limit for all store operations of a request. EventBridge's own timeout is 5 seconds.
    private static let timeout = Duration.seconds(4)

    private func respond(
        _ route: String, _ request: ServerRequest,
        _ receive: @escaping (_ reserve: (Int) -> Bool) async -> IntakeResult
    ) async -> ServerResponse {
        let start = ContinuousClock.now
        let result = await StoreTimeLimit.$current.withValue(StoreTimeLimit(Self.timeout)) {
            await admission.admit { reserve in await Self.bounded(request, reserve, receive) }.intakeResult
        }
        let now = clock()
        metrics.recordResponse(result, route: route, after: ContinuousClock.now - start, now: now)
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
        var response = result.response
        response.details = result.details
        return response
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
