import EventLoop
import HTTPServer
import HTTPTypes
import JSON
import Logging
import Store

/// The routes on `listen.address`.
struct PublicRoutes: Sendable {
    let sns: SNSIntake
    let eventBridge: EventBridgeIntake
    let store: any Store
    let admission: Admission
    /// The listener's certificate; nil for plain HTTP.
    let certificate: CertificateKeeper?
    /// Hears of deliveries that are put off.
    let gap: ReceiptGap
    let outage: StoreOutage
    let metrics: BridgeMetrics
    let logger: Logger
    let clock: @Sendable () -> Int64

    var router: Router {
        var router = Router()
        router.on(.post, "/sns") { await answer("/sns", $0, sns.receive) }
        router.on(.post, "/eventbridge") { await answer("/eventbridge", $0, eventBridge.receive) }
        router.on(.get, "/healthz") { _ in ServerResponse(status: .ok, json: ["status": "ok"]) }
        router.on(.get, "/readyz") { _ in await readiness() }
        return router
    }

    private func answer(
        _ route: String, _ request: ServerRequest, _ receive: (ServerRequest) async -> IntakeAnswer
    ) async -> ServerResponse {
        let start = ContinuousClock.now
        let answer = await admission.admit {
            let answer = await receive(request)
            return (answer, answer.outcome == IntakeAnswer.stored)
        }.answer
        metrics.received(route: route, outcome: answer.outcome, duration: ContinuousClock.now - start)
        if answer.response.status == .serviceUnavailable { gap.note(now: clock()) }
        if let reason = answer.refusal {
            let isOutage = answer.outcome == IntakeAnswer.storeUnavailable
            if isOutage { outage.failed(reason) }
            logger.log(
                level: isOutage ? .debug : .warning, "A delivery was refused.",
                metadata: [
                    "route": "\(route)", "status": "\(answer.response.status.code)", "code": "\(answer.outcome)",
                    "reason": "\(reason)", "peer": "\(request.peer.text)", "request": "\(request.id)",
                ])
        }
        return answer.response
    }

    private func readiness() async -> ServerResponse {
        do throws(StoreError) {
            try await store.checkWritable()
            var ready: [String: JSON] = ["status": "ready"]
            let warnings = certificate?.warnings(now: clock() / 1000) ?? []
            if !warnings.isEmpty { ready["warnings"] = .array(warnings.map(JSON.string)) }
            return ServerResponse(status: .ok, json: .object(ready))
        } catch {
            outage.failed(error.message)
            return IntakeAnswer.unavailable(code: IntakeAnswer.storeUnavailable, message: error.message).response
        }
    }
}
