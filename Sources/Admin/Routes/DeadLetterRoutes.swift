package import Encoding
import ErrorCodes
package import EventLoop
package import HTTPServer
import HTTPTypes
package import Intake
import JSON
package import Logging
package import Store
import Telemetry

/// Routes on `admin.address` that show, replay and drop a dead letter.
package struct DeadLetterRoutes: Sendable {
    /// Actions on a dead letter.
    private enum Action: String, CaseIterable {
        case replay
        case drop

        var done: String {
            switch self {
            case .replay: "replayed"
            case .drop: "dropped"
            }
        }
    }

    let store: any DeliveryQueue
    let settings: Reloadable<AdminSettings>
    let failures = Self.limit
    let logger: Logger
    let clock: @Sendable () -> Timestamp
    /// Called after a dead letter was replayed or dropped.
    package let onChange: @Sendable () -> Void

    /// At most ten wrong tokens per minute and address.
    package static var limit: AuthenticationThrottle { AuthenticationThrottle(burst: 10, interval: .seconds(6)) }

    /// Adds the routes to a router.
    package func add(to router: inout Router) {
        router.on(.get, template: "/dead-letters/{id}") { _, id in await show(id) }
        for action in Action.allCases {
            router.on(.post, template: "/dead-letters/{id}/\(action.rawValue)") { await act(action, on: $1, $0) }
        }
    }

    private func show(_ id: String) async -> ServerResponse {
        do throws(StoreError) {
            guard let letter = try await store.deadLetter(id: id) else { return Self.unknown }
            return ServerResponse(status: .ok, json: DeadLetterReport.jsonWithPayload(letter))
        } catch {
            return Self.unavailable(error)
        }
    }

    private func act(_ action: Action, on id: String, _ request: ServerRequest) async -> ServerResponse {
        let gate = AdminAuthenticator(access: settings.value.access, failures: failures)
        let decision = gate.decision(on: request, now: MonotonicClock.elapsed())
        if let rejection = gate.rejection(decision), let code = decision.code {
            logger.log(
                .deadLetterActionRejected,
                [
                    .action: .string(action.rawValue), .code: "\(code)", .peer: .string(request.peer.text),
                    .request: .string(request.id),
                ])
            return rejection
        }
        do throws(StoreError) {
            guard let letter = try await store.deadLetter(id: id), try await perform(action, on: id) > 0 else {
                return Self.unknown
            }
            onChange()
            logger.log(
                .deadLetterActionCompleted,
                .about(
                    letter.delivery.accountRegion,
                    [
                        .action: .string(action.rawValue), .delivery: .string(id), .peer: .string(request.peer.text),
                        .request: .string(request.id),
                    ]))
            return ServerResponse(status: .ok, json: ["id": .string(id), "done": .string(action.done)])
        } catch {
            return Self.unavailable(error)
        }
    }

    private func perform(_ action: Action, on id: String) async throws(StoreError) -> Int {
        switch action {
        case .replay: try await store.requeueDeadLetters(ids: [id])
        case .drop: try await store.discardDeadLetters(ids: [id])
        }
    }

    private static let unknown = ServerResponse.rejection(
        .notFound, code: .noSuchDeadLetter,
        message:
            "No dead letter has this id. /status.json has the newest ones, defender-bridge dead-letters list shows all."
    )

    private static func unavailable(_ error: StoreError) -> ServerResponse {
        .unavailable(code: .storeUnavailable, message: error.message)
    }

    /// Creates routes.
    ///
    /// - Parameters:
    ///   - clock: returns the present time.
    ///   - onChange: called after a dead letter was replayed or dropped.
    package init(
        store: any DeliveryQueue, settings: Reloadable<AdminSettings>, logger: Logger,
        clock: @escaping @Sendable () -> Timestamp,
        onChange: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.settings = settings
        self.logger = logger
        self.clock = clock
        self.onChange = onChange
    }
}
