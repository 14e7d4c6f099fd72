public import Cryptography
public import EventLoop

/// An HTTP/1.1 server (RFC 9110, RFC 9112) on one event loop, over TCP or TLS. It serves until ``drain(within:)``, which
/// must come before the loop's `shutdown()`.
public final class HTTPServer: Sendable {
    /// Where and how a server listens.
    public struct Configuration: Sendable {
        /// The address; port 0 asks the system for a free one.
        public var address: SocketAddress
        /// Certificate and key, or nil for plain TCP.
        public var tls: TLSServerContext?
        /// How much a connection may ask.
        public var limits: HTTPLimits
        /// How long a connection may take.
        public var timeouts: HTTPTimeouts
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

    /// The address listened on, with the port that the system chose if none was asked for.
    public let address: SocketAddress
    let core: LoopBound<ServerCore>

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - loop: the loop that the server runs on.
    ///   - handler: answers requests; see ``Router/Handler``.
    ///   - report: hears, on the loop's thread, of what no handler hears of.
    /// - Throws: `EventLoopError` if the address cannot be listened on.
    public init(
        on loop: EventLoop, configuration: Configuration, handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) async throws(EventLoopError) {
        (core, address) = try await loop.run { () throws(EventLoopError) in
            let core = ServerCore(configuration: configuration, loop: loop, handler: handler, report: report)
            let address = try core.listen()
            return (LoopBound(core, loop: loop), address)
        }
    }

    /// Takes no new connection or request, has those under way answered, and closes everything. To be called once.
    ///
    /// - Parameter limit: after this time the connections that are left are closed all the same, and their handlers are
    ///   canceled. A handler that does not heed that is waited for, because it still runs on the loop.
    /// - Returns: how many connections were closed by force.
    @discardableResult
    public func drain(within limit: Duration) async -> Int {
        let loop = core.loop
        let timeout = Task { [core] in
            try await loop.sleep(for: limit)
            return await loop.run { core.value.abortAll() }
        }
        await withCheckedContinuation { continuation in
            Task(executorPreference: loop) { [core] in core.value.drain { continuation.resume() } }
        }
        timeout.cancel()
        return (try? await timeout.value) ?? 0
    }
}
