public import Cryptography
public import EventLoop

/// An HTTP/1.1 server (RFC 9110, RFC 9112) over TCP or TLS, on one or more event loops that share no state.
///
/// Call ``drain(within:)`` before the loops' `shutdown()`.
public final class HTTPServer: Sendable {
    /// The addresses that the server listens on, with the actual ports; at least one.
    public let addresses: [SocketAddress]
    /// The first of ``addresses``.
    public var address: SocketAddress { addresses[0] }
    /// The server's state on each loop.
    let serverLoops: [LoopBound<ServerLoop>]

    /// Starts a server on one loop.
    ///
    /// - Parameters:
    ///   - loop: the loop that the server runs on.
    ///   - handler: handles requests; see ``Router/Handler``.
    ///   - report: receives events, on the loop's thread.
    /// - Throws: `EventLoopError` if listening on the address fails.
    public convenience init(
        on loop: EventLoop, configuration: Configuration, handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws(EventLoopError) {
        try await self.init(on: [loop], configuration: configuration, handler: handler, report: report)
    }

    /// Starts a server on several loops.
    ///
    /// - Parameters:
    ///   - loops: the loops that the server runs on; at least one. A connection stays on one of them.
    ///   - sockets: the sockets that each loop listens on; if empty, the server binds the configuration's address.
    ///   - handler: handles requests; see ``Router/Handler``.
    ///   - report: receives events, on the thread of the loop where they occur.
    /// - Throws: `EventLoopError` if listening on the address fails.
    public init(
        on loops: [EventLoop], sockets given: [[ListeningSocket]] = [], configuration: Configuration,
        handler: @escaping Router.Handler, report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws(EventLoopError) {
        var sockets = given
        if sockets.isEmpty {
            sockets = try ListeningSocket.bind(configuration.address, count: loops.count).map { [$0] }
        }
        precondition(
            sockets.count == loops.count && sockets.allSatisfy { !$0.isEmpty }, "a server needs a socket for each loop")
        addresses = sockets[0].map(\.address)
        var configuration = configuration
        configuration.connections = configuration.connections.share(of: loops.count)
        configuration.limits.bodiesInAll /= loops.count
        var serverLoops: [LoopBound<ServerLoop>] = []
        for (loop, socket) in zip(loops, sockets) {
            do throws(EventLoopError) {
                serverLoops.append(try await Self.start(loop, socket, configuration, handler, report))
            } catch {
                for serverLoop in serverLoops { await Self.drain(serverLoop, within: .zero) }
                throw error
            }
        }
        self.serverLoops = serverLoops
    }

    private static func start(
        _ loop: EventLoop, _ sockets: [ListeningSocket], _ configuration: Configuration,
        _ handler: @escaping Router.Handler, _ report: @escaping @Sendable (HTTPServerEvent) -> Void
    ) async throws(EventLoopError) -> LoopBound<ServerLoop> {
        try await loop.run { () throws(EventLoopError) in
            let serverLoop = ServerLoop(configuration: configuration, loop: loop, handler: handler, report: report)
            try serverLoop.listen(on: sockets)
            return LoopBound(serverLoop, loop: loop)
        }
    }

    /// Uses another certificate for new connections. Existing connections keep theirs.
    public func use(_ context: TLSServerContext) async {
        for serverLoop in serverLoops { await serverLoop.loop.run { serverLoop.value.tls = context } }
    }

    /// Waits until each of the server's loops has run once. Does not return while a loop hangs.
    public func waitForLoops() async {
        for serverLoop in serverLoops { await serverLoop.loop.run {} }
    }

    /// Shuts the server down gracefully: accepts no new connections and requests, completes those in progress, and closes all
    /// connections. Must be called exactly once.
    ///
    /// - Parameter limit: the time after which remaining connections are closed and their handlers are canceled. A handler that
    ///   ignores cancellation is awaited, because it still runs on the loop.
    /// - Returns: the number of connections that were closed with a request or response in progress.
    @discardableResult
    public func drain(within limit: Duration) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for serverLoop in serverLoops { group.addTask { await Self.drain(serverLoop, within: limit) } }
            return await group.reduce(0, +)
        }
    }

    @discardableResult
    private static func drain(_ serverLoop: LoopBound<ServerLoop>, within limit: Duration) async -> Int {
        let loop = serverLoop.loop
        let timeout = Task {
            try await loop.sleep(for: limit)
            return await loop.run { serverLoop.value.abortAll() }
        }
        await withCheckedContinuation { continuation in
            Task(executorPreference: loop) { serverLoop.value.drain { continuation.resume() } }
        }
        timeout.cancel()
        return (try? await timeout.value) ?? 0
    }
}
