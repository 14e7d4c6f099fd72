import Cryptography
import EventLoop
import Glibc

/// The server's state, on its loop's thread. Listener and timer keep it alive until it is drained.
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
    /// Those whose socket is open or whose handler runs.
    private(set) var connections: [ObjectIdentifier: ServerConnection] = [:]
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

    /// Whether the server takes no more connections.
    var isDraining: Bool { drained != nil }

    func listen() throws(EventLoopError) -> SocketAddress {
        let listener = try TCPListener(configuration.address, on: loop) { [self] in accept($0) }
        self.listener = listener
        date = httpDate(secondsSince1970: time(nil))
        let timer = LoopTimer(on: loop) { [self] in tick() }
        timer.start(after: configuration.tick, repeating: configuration.tick)
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

    func tick() {
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
        guard connections.isEmpty, let drained, let timer else { return }
        timer.close()
        self.timer = nil
        drained()
    }

    /// Closes what is left; returns how many connections lost something by that.
    func abortAll() -> Int { connections.values.count { $0.abort() } }
}
