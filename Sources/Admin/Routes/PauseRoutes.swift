import AWSCore
package import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
package import Logging
package import Store
import Telemetry

/// Routes on `admin.address` that pause and resume sending to Security Hub.
package struct PauseRoutes: Sendable {
    let store: any DeliveryQueue
    let gate: ActionGate
    let logger: Logger
    let clock: @Sendable () -> Timestamp
    /// Called after a pause began or ended.
    let onChange: @Sendable () -> Void

    /// Adds the routes to a router.
    package func add(to router: inout Router) {
        router.on(.post, "/pauses") { await respond(to: $0, action: "pause") }
        router.on(.post, "/pauses/resume") { await respond(to: $0, action: "resume") }
    }

    private func respond(to request: ServerRequest, action: String) async -> ServerResponse {
        switch gate.check(request, for: action) {
        case .rejected(let response): return response
        case .allowed(let who): return await act(action, by: who, request)
        }
    }

    private func act(_ action: String, by who: String, _ request: ServerRequest) async -> ServerResponse {
        let scope: Pause.Scope
        let reason: String?
        do throws(ActionRequest.InvalidBody) {
            let body = try ActionRequest(request.body)
            (scope, reason) = (try body.pauseScope, body.reason)
        } catch {
            return .rejection(.badRequest, code: .invalidAction, message: error.message)
        }
        do throws(StoreError) {
            let done: Bool
            if action == "pause" {
                try await store.pause(Pause(scope, pausedBy: who, pausedAt: clock(), reason: reason))
                done = true
            } else {
                done = try await store.resume(scope) != nil
            }
            onChange()
            var fields: LogFields = [.account: .string(scope.account?.digits ?? (scope.source == nil ? "all" : ""))]
            if let source = scope.source { fields = [.source: .string(source)] }
            fields.add([
                .action: .string(action), .reason: reason.map { .string($0) }, .who: .string(who),
                .peer: .string(request.peer.text), .request: .string(request.id),
            ])
            logger.log(.pauseActionCompleted, fields)
            return ServerResponse(status: .ok, json: ["done": .bool(done)])
        } catch {
            return .unavailable(code: .storeUnavailable, message: error.message)
        }
    }

    /// Creates routes.
    ///
    /// - Parameters:
    ///   - gate: authorizes the actions.
    ///   - clock: returns the present time.
    ///   - onChange: called after a pause began or ended.
    package init(
        store: any DeliveryQueue, gate: ActionGate, logger: Logger, clock: @escaping @Sendable () -> Timestamp,
        onChange: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.gate = gate
        self.logger = logger
        self.clock = clock
        self.onChange = onChange
    }
}
