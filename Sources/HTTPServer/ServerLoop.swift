import Cryptography
import EventLoop
import Glibc

/// The server's state on one loop's thread. Listener and timer keep it alive until it is drained.
final class ServerLoop {
    let configuration: HTTPServer.Configuration
    let handler: Router.Handler
    let report: @Sendable (HTTPServerEvent) -> Void
    /// What new connections are encrypted with.
    var tls: TLSServerContext?
    /// Counts up once a second.
    private(set) var seconds = 0
    private var date = ""
    private var requestIDs = RequestIDs()
    private let loop: EventLoop
    private var listeners: [TCPListener] = []
    private var timer: LoopTimer?
    /// Those whose socket is open or whose handler runs.
    private(set) var connections: ConnectionTable<ServerConnection>
    /// How many bytes of requests the connections hold, those that are being answered included.
    private(set) var heldBytes = 0
    /// What was done in the last second because there were too many connections.
    private var crowding = (idleClosed: 0, rejected: 0)
    private var drained: (() -> Void)?
    /// Runs down when idle connections are closed while the server is drained.
    private var grace: LoopTimer?

    /// How long an idle connection is left open while the server is drained: a client may have sent a request already.
    private static let drainGrace = Duration.milliseconds(250)
    /// How many bytes of a request are taken even while there are too many.
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

    /// Whether the server takes no more connections.
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
        date = httpDate(secondsSince1970: time(nil))
        let timer = LoopTimer(on: loop) { [self] in tick() }
        timer.start(after: configuration.tick, repeating: configuration.tick)
        self.timer = timer
    }

    // MARK: Connections

    private func accept(_ stream: TCPStream) {
        let address = countedAddress(of: stream.peer)
        guard makeRoom(connections.room(for: address)) else { return stream.reset() }
        var session: TLSServerSession?
        if let tls {
            do throws(TLSError) {
                session = try TLSServerSession(context: tls)
            } catch {
                report(.tlsFailed(reason: error.description, peer: stream.peer))
                return stream.close()
            }
        }
        let connection = ServerConnection(stream, tls: session, core: self)
        connections.insert(connection, from: address)
        connection.start()
    }

    /// Whom a connection counts for: nobody, if it comes from a proxy, behind which there are many.
    private func countedAddress(of peer: SocketAddress?) -> IPAddress? {
        guard let peer, !isTrusted(peer) else { return nil }
        return peer.ip
    }

    /// Whether what a peer says of its clients is believed.
    func isTrusted(_ peer: SocketAddress) -> Bool { ForwardedFor.isTrusted(peer, configuration.trustedProxies) }

    /// Closes an idle connection if that is what a new one needs; returns whether there is room.
    private func makeRoom(_ room: ConnectionTable<ServerConnection>.Capacity) -> Bool {
        switch room {
        case .free: return true
        case .after(let idle):
            crowding.idleClosed += 1
            idle.evict()
            return true
        case .none:
            crowding.rejected += 1
            return false
        }
    }

    /// A proxy has said where a connection comes from; returns whether there is room for one more from there.
    func setClient(_ client: SocketAddress, of connection: ServerConnection) -> Bool {
        let address = countedAddress(of: client)
        guard makeRoom(connections.roomOfClient(address)) else { return false }
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

    func answerFields(requestID: String?) -> DefaultResponseFields {
        DefaultResponseFields(date: date, server: configuration.serverName, requestID: requestID)
    }

    /// A connection holds another number of bytes; returns whether all connections together may hold so many.
    func changeHeldBytes(from before: Int, to after: Int) -> Bool {
        heldBytes += after - before
        return after <= Self.smallRequest || heldBytes <= configuration.limits.bodiesInAll
    }

    // MARK: Time

    func tick() {
        seconds += 1
        date = httpDate(secondsSince1970: time(nil))
        for connection in connections.all { connection.checkTime() }
        if crowding != (0, 0) {
            report(.connectionLimitReached(idleClosed: crowding.idleClosed, rejected: crowding.rejected))
            crowding = (0, 0)
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

    /// Closes what is left; returns how many connections lost something by that.
    func abortAll() -> Int { connections.all.count { $0.abort() } }
}
