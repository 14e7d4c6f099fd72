package import EventLoop
package import HTTPServer
package import HTTPTypes
import Store

/// The routes of `listen.address`.
package struct IntakeRoutes: Sendable {
    /// The handlers, for the current configuration.
    package let intake: Reloadable<IntakeHandlers>
    /// Limits requests.
    package let admission: Admission
    /// Receives the results.
    package let observer: any IntakeObserver

    /// A router with these routes.
    package var router: Router {
        var router = Router()
        // Some consoles and proxies append a slash to an endpoint.
        for slash in ["", "/"] {
            router.on(.post, "/sns" + slash) { request in
                await respond("/sns", request) { await intake.value.sns.receive(request, reserve: $0) }
            }
            router.on(.post, "/eventbridge" + slash) { request in
                await respond("/eventbridge", request) { await intake.value.eventBridge.receive(request, reserve: $0) }
            }
            router.on(.post, template: "/webhooks/{source}" + slash) { request, sources in
                // Names are unlimited, so the route's label has none.
                await respond("/webhooks", request) {
                    await intake.value.webhooks.receive(request, source: sources[0], reserve: $0)
                }
            }
        }
        return router
    }

    /// Whether the body of a request is read: not if a webhook rejects the request whatever its body is. Its handler gets the
    /// request without its body, and responds.
    @Sendable package func wantsBody(of head: HTTPRequest) -> Bool {
        guard head.method == .post else { return true }
        let parts = ServerRequest(head: head).path.utf8.split(separator: UInt8(ascii: "/"))
        // A percent-encoded name is left to the router.
        guard parts.count == 2, parts[0].elementsEqual("webhooks".utf8), !parts[1].contains(UInt8(ascii: "%")) else {
            return true
        }
        return intake.value.webhooks.wantsBody(head.headerFields, source: String(Substring(parts[1])))
    }

    /// The longest body that is parsed on a connection's event loop, in bytes. A longer one would block the loop's other
    /// connections for milliseconds.
    static let maximumOnLoop = 65_536

    /// Processes a delivery: a large one on another thread, and none whose client has disconnected, since its sender retries.
    static func bounded(
        _ request: ServerRequest, _ reserve: (Int) -> Bool,
        _ receive: @escaping (_ reserve: (Int) -> Bool) async -> IntakeResult
    ) async -> IntakeResult {
        guard !request.clientHasLeft else { return .deferred(.abandoned) }
        guard request.body.count > maximumOnLoop else { return await receive(reserve) }
        return await withTaskExecutorPreference(globalConcurrentExecutor) {
            // The request may have waited for a thread, and its client may have disconnected meanwhile.
            request.clientHasLeft ? .deferred(.abandoned) : await receive(reserve)
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
            await admission.admit { reserve in await Self.bounded(request, reserve, receive) }
        }
        observer.record(result, of: request, route: route, after: ContinuousClock.now - start)
        return IntakeResponder.response(to: result)
    }

    /// Creates the routes.
    package init(intake: Reloadable<IntakeHandlers>, admission: Admission, observer: any IntakeObserver) {
        self.intake = intake
        self.admission = admission
        self.observer = observer
    }
}
