import CLibuv
import Glibc

/// A listening TCP or local socket, which libuv serves by the same handle (`uv_tcp_open` takes any stream socket); to be made and used on its loop's thread, and ended with ``close()``.
public final class TCPListener {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_tcp_t>()
    private let accept: (TCPStream) -> Void
    private var isClosed = false
    /// How many connections were taken since one last had to wait.
    private var accepted = 0
    /// Whether libuv holds a connection that was put off.
    private var isOneWaiting = false

    /// How many connections are taken one after the other: a flood of them must not keep those that are there waiting.
    private static let acceptsInTurn = 64

    /// The address listened on, with the port that the system chose if none was asked for.
    public let address: SocketAddress

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - socket: where; it is the listener's from now on.
    ///   - backlog: how many connections may wait to be accepted; the system may allow fewer.
    ///   - accept: called on the loop's thread with each new connection, which is not read from yet.
    /// - Throws: ``EventLoopError``, for example when the address is in use.
    public init(
        _ socket: ListeningSocket, on loop: EventLoop, backlog: CInt = 4096, accept: @escaping (TCPStream) -> Void
    ) throws(EventLoopError) {
        loop.checkIsolated()
        self.loop = loop
        self.accept = accept
        address = socket.address
        uv_tcp_init(loop.uvLoop, handle.pointer)
        handle.keep(self)
        do {
            try listen(socket, backlog: backlog)
        } catch {
            close()
            throw error
        }
    }

    /// Binds a socket and starts to listen; see ``init(_:on:backlog:accept:)-(ListeningSocket,_,_,_)``.
    public convenience init(
        _ address: SocketAddress, on loop: EventLoop, accept: @escaping (TCPStream) -> Void
    ) throws(EventLoopError) {
        try self.init(ListeningSocket.bind(address)[0], on: loop, accept: accept)
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle.pointer).assumingMemoryBound(to: uv_stream_t.self)
    }

    private func listen(_ socket: ListeningSocket, backlog: CInt) throws(EventLoopError) {
        let operation = "listen on \(address)"
        let descriptor = socket.take()
        let opened = uv_tcp_open(handle.pointer, descriptor)
        if opened != 0 { Glibc.close(descriptor) }
        try EventLoopError.check(opened, operation: operation)
        let code = uv_listen(stream, backlog) { stream, status in
            guard let listener = OwnedHandle<uv_stream_t>.owner(stream, as: TCPListener.self) else { return }
            listener.didConnect(status: status)
        }
        try EventLoopError.check(code, operation: operation)
    }

    private func didConnect(status: CInt) {
        // A connection that failed while it waited, or one for which there is no descriptor left: that one libuv closes
        // with a descriptor that it keeps for this, so that it neither waits for ever nor wakes the loop again and again.
        guard status == 0, !isClosed else { return }
        accepted += 1
        guard accepted <= Self.acceptsInTurn else { return acceptLater() }
        take()
    }

    /// Lets everything else on the loop have its turn, then takes the connection that waits. Until then libuv takes no
    /// further one.
    private func acceptLater() {
        isOneWaiting = true
        let listener = LoopBound(self, loop: loop)
        Task(executorPreference: loop) {
            if listener.value.isOneWaiting { listener.value.take() }
        }
    }

    private func take() {
        if isOneWaiting { (isOneWaiting, accepted) = (false, 1) }
        guard let stream = try? TCPStream(acceptingFrom: stream, on: loop) else { return }
        accept(stream)
    }

    /// Stops listening; connections that were accepted stay. Further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        if isOneWaiting { take() }
        isClosed = true
        handle.close()
    }
}
