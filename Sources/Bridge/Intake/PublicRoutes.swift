import AWSCore
import EventLoop
import HTTPServer
import HTTPTypes
import Logging
import Store

/// The routes on `listen.address`.
struct PublicRoutes: Sendable {
    let intake: Live<IntakeParts>
    let health: HealthRoutes
    let admission: Admission
    /// Hears of deliveries that are put off.
    let gap: ReceiptGap
    let outage: StoreOutage
    let metrics: IntakeMetrics
    let activity: RecentActivity
    let logger: Logger
    let clock: @Sendable () -> Int64

    var router: Router {
        var router = Router()
        router.on(.post, "/sns") { await answer("/sns", $0, intake.value.sns.receive) }
        router.on(.post, "/eventbridge") { await answer("/eventbridge", $0, intake.value.eventBridge.receive) }
        health.add(to: &router)
        return router
    }

    /// The longest body that is read on a connection's loop, in bytes: a longer one would keep all other connections of
    /// the loop waiting for milliseconds.
    static let maximumOnLoop = 65_536

    /// Reads a delivery: a long one on another thread, and none whose client has left, as the sender tries again.
    static func bounded(
        _ request: ServerRequest, _ receive: (ServerRequest) async -> IntakeAnswer
    ) async -> IntakeAnswer {
        guard !request.clientHasLeft else { return .abandoned }
        guard request.body.count > maximumOnLoop else { return await receive(request) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            // Others may have waited for a thread before it, and its client may have left meanwhile.
            request.clientHasLeft ? .abandoned : await receive(request)
        }
    }

    /// How long a sender waits for the store, over all that is asked of it. EventBridge waits 5 seconds.
    private static let patience = Duration.seconds(4)

    private func answer(
        _ route: String, _ request: ServerRequest, _ receive: (ServerRequest) async -> IntakeAnswer
    ) async -> ServerResponse {
        let start = ContinuousClock.now
        let answer = await StoreTimeLimit.$current.withValue(StoreTimeLimit(Self.patience)) {
            await admission.admit {
                let answer = await Self.bounded(request, receive)
                return (answer, answer.outcome == IntakeAnswer.stored)
            }.answer
        }
        let now = clock()
        metrics.answered(answer, route: route, after: ContinuousClock.now - start, now: now)
        if let origin = answer.origin {
            activity.received(from: origin, isNew: answer.outcome == IntakeAnswer.stored)
        }
        if answer.response.status == .serviceUnavailable { gap.note(now: MonotonicClock.milliseconds()) }
        if let reason = answer.refusal {
            let isOutage = answer.outcome == IntakeAnswer.storeUnavailable
            if isOutage { outage.failed(reason, to: .intake) }
            logger.log(
                level: isOutage ? .debug : .warning, "A delivery was refused.",
                metadata: [
                    "route": "\(route)", "status": "\(answer.response.status.code)", LogKey.code: "\(answer.outcome)",
                    LogKey.reason: "\(reason)", "peer": "\(request.peer.text)", "request": "\(request.id)",
                ])
        }
        var response = answer.response
        response.details = answer.details + [(LogKey.outcome, answer.outcome)]
        return response
    }
}
