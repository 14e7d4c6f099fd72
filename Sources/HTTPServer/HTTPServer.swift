public import Cryptography
public import EventLoop
import Glibc

/// An HTTP/1.1 server on one event loop, over TCP or TLS.
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
    private let core: LoopBound<ServerCore>

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

    /// Takes no new connection or request, has those under way answered, and closes everything.
    ///
    /// - Parameter limit: after this time the connections that are left are closed all the same.
    /// - Returns: how many connections were closed by force.
    @discardableResult
    public func drain(within limit: Duration) async -> Int {
        let loop = core.loop
        let timeout = Task { [core] in
            try await loop.sleep(for: limit)
            return await loop.run { core.value.closeAll() }
        }
        await withCheckedContinuation { continuation in
            Task(executorPreference: loop) { [core] in core.value.drain { continuation.resume() } }
        }
        timeout.cancel()
        return (try? await timeout.value) ?? 0
    }
}

/// The server's state, on its loop's thread.
final class ServerCore {
    let configuration: HTTPServer.Configuration
    let handler: Router.Handler
    let report: @Sendable (HTTPServerEvent) -> Void
    /// Counts up once a second.
    private(set) var seconds = 0
    /// The time for the `Date` field.
    private(set) var date = ""
    private let loop: EventLoop
    private var listener: TCPListener?
    private var timer: LoopTimer?
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private var drained: (() -> Void)?

    init(
        configuration: HTTPServer.Configuration, loop: EventLoop, handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.handler = handler
        self.report = report
    }

    func listen() throws(EventLoopError) -> SocketAddress {
        let listener = try TCPListener(configuration.address, on: loop) { [unowned self] in accept($0) }
        self.listener = listener
        date = httpDate(secondsSince1970: time(nil))
        let timer = LoopTimer(on: loop) { [unowned self] in tick() }
        timer.start(after: .seconds(1), repeating: .seconds(1))
        self.timer = timer
        return listener.address
    }

    private func accept(_ stream: TCPStream) {
        var session: TLSServerSession?
        if let context = configuration.tls {
            do throws(TLSError) {
                session = try TLSServerSession(context: context)
            } catch {
                report(.tlsFailed(reason: error.description, peer: stream.peer))
                return stream.close()
            }
        }
        let connection = ServerConnection(stream, tls: session, core: self)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    private func tick() {
        seconds += 1
        date = httpDate(secondsSince1970: time(nil))
        for connection in connections.values { connection.checkTime() }
    }

    func remove(_ connection: ServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        finishIfDrained()
    }

    func drain(then drained: @escaping () -> Void) {
        precondition(self.drained == nil, "a server was drained twice")
        listener?.close()
        listener = nil
        self.drained = drained
        for connection in connections.values { connection.drain() }
        finishIfDrained()
    }

    private func finishIfDrained() {
        guard connections.isEmpty, let drained else { return }
        timer?.close()
        guard timer != nil else { return }
        timer = nil
        drained()
    }

    func closeAll() -> Int {
        let left = connections
        for connection in left.values { connection.close() }
        return left.count
    }
}
