public import EventLoop
public import HTTPTypes
import Synchronization

/// A client for HTTP/1.1 with and without TLS, and for HTTP/2 where the peer offers it (libcurl on an event loop).
///
/// Names are looked up by libcurl on a thread of its own for each look-up, and kept for a minute; connections are tried
/// by IPv6 and, 200 milliseconds later, by IPv4 (RFC 8305). There is no thread for a request.
///
/// It keeps connections for further requests. It follows no redirect, keeps no cookie, reads no `.netrc`, asks for no
/// compression, and always verifies the peer of a TLS connection. Proxies are taken from the environment as libcurl
/// does (`https_proxy`, `no_proxy`, …).
///
/// It must be ended with ``shutdown()`` before its last reference goes and before its loop is ended.
public final class HTTPClient: Sendable {
    private let loop: EventLoop
    private let engine: LoopBound<TransferEngine>
    private let isShutDown = Atomic(false)

    /// Makes a client that works on a loop.
    ///
    /// - Throws: ``HTTPClientError`` with `invalidConfiguration`, or if there is no memory left.
    public init(loop: EventLoop, configuration: Configuration = Configuration()) async throws(HTTPClientError) {
        self.loop = loop
        engine = try await loop.run { () throws(HTTPClientError) in
            LoopBound(try TransferEngine(configuration: configuration, loop: loop), loop: loop)
        }
    }

    deinit {
        precondition(isShutDown.load(ordering: .acquiring), "an HTTP client was dropped without shutdown()")
    }

    /// Sends a request and collects its response, of whatever status.
    ///
    /// libcurl repeats a request itself if it was sent on a kept connection that turns out to be closed by the peer.
    ///
    /// - Parameters:
    ///   - request: needs scheme (`http` or `https`), authority and path; the path, with the query, is sent as it is.
    ///     `Host`, `User-Agent` and the framing are the client's own.
    ///   - body: the request's body; must be empty for GET and HEAD.
    ///   - signing: how to sign the request, or nil. See ``RequestSigning`` for what can be signed.
    ///   - timeout: how long all may take, or nil for the configuration's.
    ///   - bypassesProxies: whether no proxy is used, whatever the environment says: the host itself is asked.
    /// - Throws: ``HTTPClientError``; with `canceled` as soon as the task is canceled.
    public func send(
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

    /// Breaks off what is on its way, which fails with `canceled`, and closes all connections. Waits for names that are
    /// being looked up, as that cannot be broken off. Further calls do nothing.
    public func shutdown() async {
        let engine = engine
        let loop = loop
        await withCheckedContinuation { continuation in
            Task(executorPreference: loop) { engine.value.shutDown(continuation) }
        }
        isShutDown.store(true, ordering: .releasing)
    }
}
