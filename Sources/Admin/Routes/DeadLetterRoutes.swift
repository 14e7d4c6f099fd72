import AWSCore
import Encoding
import ErrorCodes
package import HTTPServer
import HTTPTypes
import JSON
package import Logging
package import Store
import Telemetry

/// Routes on `admin.address` that show, replay and drop dead letters, one or several.
package struct DeadLetterRoutes: Sendable {
    /// Actions on dead letters.
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
    let gate: ActionGate
    let logger: Logger
    /// Called after dead letters were replayed or dropped.
    package let onChange: @Sendable () -> Void

    /// The most dead letters in one transaction.
    private static let chunk = 500

    /// Adds the routes to a router.
    package func add(to router: inout Router) {
        router.on(.get, template: "/dead-letters/{id}") { _, ids in await show(ids[0]) }
        for action in Action.allCases {
            router.on(.post, template: "/dead-letters/{id}/\(action.rawValue)") { request, ids in
                await authorized(action, request) { await act(action, on: ids[0], by: $0, request) }
            }
            router.on(.post, "/dead-letters/\(action.rawValue)") { request in
                await authorized(action, request) { await actOnSeveral(action, by: $0, request) }
            }
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

    private func authorized(
        _ action: Action, _ request: ServerRequest, _ act: (_ who: String) async -> ServerResponse
    ) async -> ServerResponse {
        switch gate.check(request, for: action.rawValue) {
        case .rejected(let response): response
        case .allowed(let who): await act(who)
        }
    }

    private func act(_ action: Action, on id: String, by who: String, _ request: ServerRequest) async -> ServerResponse
    {
        do throws(StoreError) {
            guard let letter = try await store.deadLetter(id: id), try await perform(action, on: [id]) > 0 else {
                return Self.unknown
            }
            onChange()
            logger.log(
                .deadLetterActionCompleted,
                .about(
                    letter.delivery.accountRegion,
                    [
                        .action: .string(action.rawValue), .delivery: .string(id), .who: .string(who),
                        .peer: .string(request.peer.text), .request: .string(request.id),
                    ]))
            return ServerResponse(status: .ok, json: ["id": .string(id), "done": .string(action.done)])
        } catch {
            return Self.unavailable(error)
        }
    }

    private func actOnSeveral(_ action: Action, by who: String, _ request: ServerRequest) async -> ServerResponse {
        let body: ActionRequest
        do throws(ActionRequest.InvalidBody) {
            body = try ActionRequest(request.body)
        } catch {
            return .rejection(.badRequest, code: .invalidAction, message: error.message)
        }
        guard let count = body.count else {
            return .rejection(
                .badRequest, code: .invalidAction,
                message:
                    "The count is missing. Send the number of dead letters that you saw, at most \(ActionRequest.countLimit)."
            )
        }
        do throws(StoreError) {
            let (ids, matching) = try await select(body, count)
            var done = 0
            for start in stride(from: 0, to: ids.count, by: Self.chunk) {
                done += try await perform(action, on: Array(ids[start...].prefix(Self.chunk)))
            }
            onChange()
            log(action, body, done, by: who, request)
            return ServerResponse(
                status: .ok, json: ["done": .integer(done), "remaining": .integer(matching - ids.count)])
        } catch {
            return Self.unavailable(error)
        }
    }

    /// The first matching dead letters, and the number of all.
    private func select(
        _ body: ActionRequest, _ count: Int
    ) async throws(StoreError) -> (ids: [String], matching: Int) {
        var (ids, matching): ([String], Int) = ([], 0)
        for try await page in store.deadLetterSummaries() {
            for letter in page where body.matches(letter) {
                matching += 1
                if ids.count < count { ids.append(letter.id) }
            }
        }
        return (ids, matching)
    }

    private func log(_ action: Action, _ body: ActionRequest, _ done: Int, by who: String, _ request: ServerRequest) {
        logger.log(
            .deadLettersActionCompleted,
            [
                .account: body.account.map { .string($0.digits) }, .region: body.region.map { .string($0.name) },
                .source: body.source.map { .string($0) }, .action: .string(action.rawValue), .count: .integer(done),
                .reason: body.reason.map { .string($0) }, .who: .string(who), .peer: .string(request.peer.text),
                .request: .string(request.id),
            ])
    }

    private func perform(_ action: Action, on ids: [String]) async throws(StoreError) -> Int {
        switch action {
        case .replay: try await store.requeueDeadLetters(ids: ids)
        case .drop: try await store.discardDeadLetters(ids: ids)
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
    ///   - gate: authorizes the actions.
    ///   - onChange: called after dead letters were replayed or dropped.
    package init(
        store: any DeliveryQueue, gate: ActionGate, logger: Logger, onChange: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.gate = gate
        self.logger = logger
        self.onChange = onChange
    }
}
