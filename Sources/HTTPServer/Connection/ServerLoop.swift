import Cryptography
import Encoding
import EventLoop
import Glibc

/// The server's state on one event loop. Its listeners and timer keep it alive until it is drained.
final class ServerLoop {
    let configuration: HTTPServer.Configuration
    let handler: Router.Handler
    let report: @Sendable (HTTPServerEvent) -> Void
    /// The TLS context of new connections.
    var tls: TLSServerContext?
    /// The number of ticks since the start; a tick is a second.
    private(set) var seconds = 0
    private var date = ""
    private var requestIDs = RequestIDs()
    private let loop: EventLoop
    private var listeners: [TCPListener] = []
    private var timer: LoopTimer?
    /// The connections with an open socket or a running handler.
    private(set) var connections: ConnectionTable<ServerConnection>
    /// The bytes of requests that all connections hold, including requests in progress.
    private(set) var heldBytes = 0
    /// The connections that were evicted or rejected in the last second because of the limits.
    private var limitCounts = (idleClosed: 0, rejected: 0)
    private var drained: (() -> Void)?
    /// Fires when idle connections are closed during draining.
    private var grace: LoopTimer?

    /// How long an idle connection stays open during draining: its client may have sent a request already.
    private static let drainGrace = Duration.milliseconds(250)
    /// The size of a request that is accepted even when the limit of held bytes is reached.
    static let smallRequest = 8192

    init(
        configuration: HTTPServer.Configuration, loop: EventLoop, handler: @escaping Router.Handler,
        report: @escaping @Sendable (HTTPServerEvent) -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.handler = handler
        self.report = report
        tls = configuration.tls
        connections = ConnectionTable(limits: configuration.connections)
    }

    /// Whether the server is shutting down.
    var isDraining: Bool { drained != nil }

    func listen(on sockets: [ListeningSocket]) throws(EventLoopError) {
        for socket in sockets {
            do throws(EventLoopError) {
                listeners.append(try TCPListener(socket, on: loop) { [self] in accept($0) })
            } catch {
                stopListening()
                throw error
            }
        }
        date = WallClock.now().httpDate
        let timer = LoopTimer(on: loop) { [self] in tick() }
        timer.start(after: configuration.tick, repeating: configuration.tick)
        self.timer = timer
    }

    // MARK: Connections

    private func accept(_ stream: TCPStream) {
        let address = countedAddress(of: stream.peer)
        guard evictIfNeeded(connections.capacity(for: address)) else { return stream.reset() }
        var session: TLSServerSession?
        if let tls {
            do throws(TLSError) {
                session = try TLSServerSession(context: tls)
            } catch {
                report(.tlsFailed(reason: error.description, peer: stream.peer))
                return stream.close()
            }
        }
        let connection = ServerConnection(stream, tls: session, serverLoop: self)
        connections.insert(connection, from: address)
        connection.start()
    }

    /// The address that a connection counts against; nil for trusted proxies.
    private func countedAddress(of peer: SocketAddress?) -> IPAddress? {
        guard let peer, !isTrusted(peer) else { return nil }
        return peer.ip
    }

    /// Whether a peer is a trusted proxy.
    func isTrusted(_ peer: SocketAddress) -> Bool { ForwardedFor.isTrusted(peer, configuration.trustedProxies) }

    /// Evicts an idle connection if a new one needs its place; returns whether the new one is allowed.
    private func evictIfNeeded(_ capacity: ConnectionTable<ServerConnection>.Capacity) -> Bool {
        switch capacity {
        case .available: return true
        case .afterEvicting(let idle):
            limitCounts.idleClosed += 1
            idle.evict()
            return true
        case .exhausted:
            limitCounts.rejected += 1
            return false
        }
    }

    /// Sets the client of a connection from its PROXY header; returns whether the limit per address allows it.
    func setClient(_ client: SocketAddress, of connection: ServerConnection) -> Bool {
        let address = countedAddress(of: client)
        guard evictIfNeeded(connections.clientCapacity(address)) else { return false }
        connections.setAddress(address, of: connection)
        return true
    }

    func setIdle(_ isIdle: Bool, _ connection: ServerConnection) { connections.setIdle(isIdle, connection) }

    func remove(_ connection: ServerConnection) {
        connections.remove(connection)
        finishIfDrained()
    }

    // MARK: Requests

    func nextRequestID() -> String { requestIDs.next() }

    func defaultResponseFields(requestID: String?) -> DefaultResponseFields {
        DefaultResponseFields(date: date, server: configuration.serverName, requestID: requestID)
    }

    /// Updates the bytes that a connection holds; returns whether the total is within the limit.
    func changeHeldBytes(from before: Int, to after: Int) -> Bool {
        heldBytes += after - before
        return after <= Self.smallRequest || heldBytes <= configuration.limits.bodiesInAll
    }

    // MARK: Time

    func tick() {
        seconds += 1
        date = WallClock.now().httpDate
        for connection in connections.all { connection.checkTime() }
        if limitCounts != (0, 0) {
            report(.connectionLimitReached(idleClosed: limitCounts.idleClosed, rejected: limitCounts.rejected))
            limitCounts = (0, 0)
        }
    }

    // MARK: Ending

    func drain(then drained: @escaping () -> Void) {
        precondition(self.drained == nil, "a server was drained twice")
        stopListening()
        self.drained = drained
        for connection in connections.all { connection.drain() }
        let grace = LoopTimer(on: loop) { [self] in
            for connection in connections.all { connection.endWhenIdle() }
        }
        grace.start(after: Self.drainGrace)
        self.grace = grace
        finishIfDrained()
    }

    private func stopListening() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func finishIfDrained() {
        guard connections.isEmpty, let drained, let timer else { return }
        timer.close()
        grace?.close()
        (self.timer, grace) = (nil, nil)
        drained()
    }

    /// Closes all connections; returns how many lost a request or response.
    func abortAll() -> Int { connections.all.count { $0.abort() } }
}
