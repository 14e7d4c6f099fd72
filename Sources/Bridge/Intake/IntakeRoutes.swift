import AWSCore
import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import Logging
import Store

/// The routes on `listen.address`.
struct IntakeRoutes: Sendable {
    let intake: Reloadable<IntakeHandlers>
    let health: HealthRoutes
    let admission: Admission
    /// Hears of deliveries that are put off.
    let gap: OutageTracker
    let outage: StoreOutageTracker
    let metrics: IntakeMetrics
    let activity: ActivityLog
    let logger: Logger
    let clock: @Sendable () -> Int64

    var router: Router {
        var router = Router()
        // With a slash at the end, as some consoles and proxies write an endpoint, a path is the same.
        for slash in ["", "/"] {
            router.on(.post, "/sns" + slash) { request in
                await answer("/sns", request) { _ in await intake.value.sns.receive(request) }
            }
            router.on(.post, "/eventbridge" + slash) { request in
                await answer("/eventbridge", request) { await intake.value.eventBridge.receive(request, reserve: $0) }
            }
        }
        health.add(to: &router)
        return router
    }

    /// The longest body that is read on a connection's loop, in bytes: a longer one would keep all other connections of
    /// the loop waiting for milliseconds.
    static let maximumOnLoop = 65_536

    /// Reads a delivery: a long one on another thread, and none whose client has left, as the sender tries again.
    static func bounded(
        _ request: ServerRequest, _ reserve: (Int) -> Bool,
        _ receive: @escaping (_ reserve: (Int) -> Bool) async -> IntakeResult
    ) async -> IntakeResult {
        guard !request.clientHasLeft else { return .abandoned }
        guard request.body.count > maximumOnLoop else { return await receive(reserve) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            // Others may have waited for a thread before it, and its client may have left meanwhile.
            request.clientHasLeft ? .abandoned : await receive(reserve)
        }
    }

    /// How long a sender waits for the store, over all that is asked of it. EventBridge waits 5 seconds.
    private static let timeout = Duration.seconds(4)

    private func answer(
        _ route: String, _ request: ServerRequest,
        _ receive: @escaping (_ reserve: (Int) -> Bool) async -> IntakeResult
    ) async -> ServerResponse {
        let start = ContinuousClock.now
        let answer = await StoreTimeLimit.$current.withValue(StoreTimeLimit(Self.timeout)) {
            await admission.admit { reserve in await Self.bounded(request, reserve, receive) }.answer
        }
        let now = clock()
        metrics.recordResponse(answer, route: route, after: ContinuousClock.now - start, now: now)
        for delivery in answer.queued { activity.recordDelivery(from: delivery.accountRegion, isNew: delivery.isNew) }
        if let topic = answer.unrelatedTopic {
            metrics.countUnrelated(topic)
            activity.recordUnrelated(topic)
        }
        logParts(of: answer, request)
        if answer.response.status == .serviceUnavailable { gap.recordDeferral(now: MonotonicClock.milliseconds()) }
        if let reason = answer.rejection {
            let isOutage = answer.outcome == ErrorCode.storeUnavailable.rawValue
            if isOutage { outage.failed(reason, to: .intake) }
            var metadata: Logger.Metadata = [
                "route": "\(route)", "status": "\(answer.response.status.code)",
                LogMetadataKey.code: "\(answer.outcome)",
                LogMetadataKey.reason: "\(reason)", "peer": "\(request.peer.text)", "request": "\(request.id)",
            ]
            for (name, value) in answer.details where name == LogMetadataKey.claim { metadata[name] = .string(value) }
            logger.log(level: isOutage ? .debug : .warning, "A delivery was refused.", metadata: metadata)
        }
        var response = answer.response
        response.details = answer.details
        return response
    }

    /// Notes a delivery that comes to a path where nothing receives it. What is answered does not change.
    func noteMisdirected(_ request: ServerRequest) {
        guard let delivery = MisdirectedDelivery(request) else { return }
        activity.recordMisdirected(delivery)
        logger.warning(
            "A delivery was sent to the wrong path.",
            metadata: [
                "path": "\(delivery.path)", "peer": "\(request.peer.text)",
                LogMetadataKey.reason:
                    "\(delivery.sender.name) delivers to \(delivery.sender.path). \(delivery.sender.remediation)",
            ])
    }

    /// Logs what the line of the request has no room for: each delivery of several, and events that are not served.
    private func logParts(of answer: IntakeResult, _ request: ServerRequest) {
        if answer.queued.count > 1 {
            for delivery in answer.queued {
                var fields = LogFields(capacity: 6)
                fields.add(delivery.details)
                fields.add(LogMetadataKey.outcome, delivery.isNew ? IntakeResult.stored : "duplicate")
                fields.add("request", request.id)
                logger.info(
                    "An event of an array was received.", metadata: [LogFields.key: .stringConvertible(fields)])
            }
        }
        for part in answer.parts where part.isRejected {
            logger.warning(
                "Events were dropped because their account and Region are not served.",
                metadata: [
                    LogMetadataKey.code: "\(part.outcome)", "peer": "\(request.peer.text)", "request": "\(request.id)",
                    LogMetadataKey.reason: "\(part.count) of the request's events have no topic in sns.topics",
                ])
        }
    }
}
