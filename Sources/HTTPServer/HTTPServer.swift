public import Cryptography
public import EventLoop

/// An HTTP/1.1 server (RFC 9110, RFC 9112) over TCP or TLS, on one event loop or several that share nothing. It serves
/// until ``drain(within:)``, which must come before the loops' `shutdown()`.
public final class HTTPServer: Sendable {
    /// How a server listens.
    public struct Configuration: Sendable {
        /// The address; port 0 asks the system for a free one.
        public var address: SocketAddress
        /// Certificate and key, or nil for plain TCP.
        public var tls: TLSServerContext?
        /// How much a connection may ask.
        public var limits: HTTPLimits
        /// How long a connection may take.
        public var timeouts: HTTPTimeouts
        /// How many connections there may be, over all loops.
        public var connections = ConnectionLimits()
        /// The proxies whose `X-Forwarded-For` is believed.
        public var trustedProxies: [AddressBlock] = []
        /// Whether each connection comes from a trusted proxy and begins with a PROXY header of version 2.
        public var proxyProtocol = false
        /// What answers say in the `Server` field; nil leaves it out.
        public var serverName: String?
        /// The time between two looks at the time limits, which take it for a second.
        var tick = Duration.seconds(1)

        /// Makes a configuration.
        public init(
            address: SocketAddress, tls: TLSServerContext? = nil, limits: HTTPLimits = HTTPLimits(),
            timeouts: HTTPTimeouts = HTTPTimeouts()
        ) {
            self.address = address
            self.tls = tls
            self.limits = limits
            self.timeouts = timeouts
        }
    }

    /// The addresses listened on, with the ports that the system chose if none was asked for; at least one.
    public let addresses: [SocketAddress]
    /// The first of them.
    public var address: SocketAddress { addresses[0] }
    /// One for each loop.
    let cores: [LoopBound<ServerLoop>]

    /// Starts to listen on one loop.
    ///
    /// - Parameters:
    ///   - loop: the loop that the server runs on.
    ///   - handler: answers requests; see ``Router/Handler``.
    ///   - report: hears, on the loop's thread, of what happens.
    /// - Throws: `EventLoopError` if the address cannot be listened on.
    public convenience init(
        on loop: EventLoop, configuration: Configuration, handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws(EventLoopError) {
        try await self.init(on: [loop], configuration: configuration, handler: handler, report: report)
    }

    /// Starts to listen on several loops.
    ///
    /// - Parameters:
    ///   - loops: the loops that the server runs on; at least one. A connection stays on one of them.
    ///   - sockets: for each loop those that it listens on; none binds sockets to the configuration's address.
    ///   - handler: answers requests; see ``Router/Handler``.
    ///   - report: hears of what happens, on the thread of the loop where it happens.
    /// - Throws: `EventLoopError` if the address cannot be listened on.
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
        var cores: [LoopBound<ServerLoop>] = []
        for (loop, socket) in zip(loops, sockets) {
            do throws(EventLoopError) {
                cores.append(try await Self.start(loop, socket, configuration, handler, report))
            } catch {
                for core in cores { await Self.drain(core, within: .zero) }
                throw error
            }
        }
        self.cores = cores
    }

    private static func start(
        _ loop: EventLoop, _ sockets: [ListeningSocket], _ configuration: Configuration,
        _ handler: @escaping Router.Handler, _ report: @escaping @Sendable (HTTPServerEvent) -> Void
    ) async throws(EventLoopError) -> LoopBound<ServerLoop> {
        try await loop.run { () throws(EventLoopError) in
            let core = ServerLoop(configuration: configuration, loop: loop, handler: handler, report: report)
            try core.listen(on: sockets)
            return LoopBound(core, loop: loop)
        }
    }

    /// Uses another certificate for the connections that come from now on; those that are there go on with theirs.
    public func use(_ context: TLSServerContext) async {
        for core in cores { await core.loop.run { core.value.tls = context } }
    }

    /// Waits until each of the server's loops has come round once: a loop that hangs never does.
    public func waitForLoops() async {
        for core in cores { await core.loop.run {} }
    }

    /// Takes no new connection or request, has those under way answered, and closes everything. To be called once.
    ///
    /// - Parameter limit: after this time the connections that are left are closed all the same, and their handlers are
    ///   canceled. A handler that does not heed that is waited for, because it still runs on the loop.
    /// - Returns: how many connections were closed by force.
    @discardableResult
    public func drain(within limit: Duration) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for core in cores { group.addTask { await Self.drain(core, within: limit) } }
            return await group.reduce(0, +)
        }
    }

    @discardableResult
    private static func drain(_ core: LoopBound<ServerLoop>, within limit: Duration) async -> Int {
        let loop = core.loop
        let timeout = Task {
            try await loop.sleep(for: limit)
            return await loop.run { core.value.abortAll() }
        }
        await withCheckedContinuation { continuation in
            Task(executorPreference: loop) { core.value.drain { continuation.resume() } }
        }
        timeout.cancel()
        return (try? await timeout.value) ?? 0
    }
}
