package import EventLoop
package import HTTPTypes
import Synchronization

/// An HTTP/1.1 client with optional TLS, and HTTP/2 if the peer offers it (libcurl on an event loop).
///
/// libcurl resolves each name on a separate thread; connections are tried over IPv6 and, 200 milliseconds later, over
/// IPv4 (RFC 8305). Requests need no threads.
///
/// Connections are reused. Redirects, cookies, `.netrc` and compression are not supported; the TLS peer is always
/// verified. Proxies come from the environment, as libcurl reads it (`https_proxy`, `no_proxy`, …).
///
/// Call ``shutdown()`` before releasing the last reference and before shutting down the loop.
package final class HTTPClient: Sendable {
    private let loop: EventLoop
    private let engine: LoopBound<TransferEngine>
    private let isShutDown = Atomic(false)

    /// Makes a client that runs on a loop.
    ///
    /// - Throws: ``HTTPClientError`` with `invalidConfiguration`, or if memory is exhausted.
    package init(loop: EventLoop, configuration: Configuration = Configuration()) async throws(HTTPClientError) {
        self.loop = loop
        engine = try await loop.run { () throws(HTTPClientError) in
            LoopBound(try TransferEngine(configuration: configuration, loop: loop), loop: loop)
        }
    }

    deinit {
        precondition(isShutDown.load(ordering: .acquiring), "an HTTP client was dropped without shutdown()")
    }

    /// Sends a request and returns its response, of any status.
    ///
    /// libcurl retries a request itself if a reused connection turns out to be closed by the peer.
    ///
    /// - Parameters:
    ///   - request: needs scheme (`http` or `https`), authority and path; path and query are sent unchanged.
    ///     The client sets `Host`, `User-Agent` and the framing.
    ///   - body: the request's body; must be empty for GET and HEAD.
    ///   - signing: how to sign the request; nil for no signature. See ``RequestSigning`` for the requirements.
    ///   - timeout: the timeout of the whole request; nil for the configuration's.
    ///   - bypassesProxies: whether to ignore the proxies of the environment.
    /// - Throws: ``HTTPClientError``; with `canceled` as soon as the task is canceled.
    package func send(
        _ request: HTTPRequest, body: [UInt8] = [], signing: RequestSigning? = nil, timeout: Duration? = nil,
        bypassesProxies: Bool = false
    ) async throws(HTTPClientError) -> (response: HTTPResponse, body: [UInt8]) {
        let plan = try RequestPlan(request, body: body, signing: signing, bypassesProxies: bypassesProxies)
        let ticket = Ticket()
        let engine = engine
        let loop = loop
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Task(executorPreference: loop) {
                    engine.value.start(plan, ticket: ticket, timeout: timeout, continuation: continuation)
                }
            }
        } onCancel: {
            ticket.isCanceled.store(true, ordering: .releasing)
            Task(executorPreference: loop) { engine.value.cancel(ticket) }
        }
        return try outcome.get()
    }

    /// Cancels requests in flight, which fail with `canceled`, and closes all connections. Does not wait for name
    /// lookups, which cannot be canceled: their threads end later. Further calls do nothing.
    package func shutdown() async {
        await loop.run { engine.value.shutDown() }
        isShutDown.store(true, ordering: .releasing)
    }
}
