import CLibuv
import Glibc

/// A listener on a TCP or local socket; libuv uses the same handle for both (`uv_tcp_open` accepts any stream socket).
/// Create and use it on its loop's thread, and call ``close()`` at the end.
public final class TCPListener {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_tcp_t>()
    private let accept: (TCPStream) -> Void
    private var isClosed = false
    /// The connections accepted in a row since the last deferral.
    private var accepted = 0
    /// Whether accepting a connection was deferred.
    private var isOneWaiting = false

    /// The maximum number of connections accepted in a row, so that a flood of new ones does not starve existing ones.
    private static let maximumConsecutiveAccepts = 64

    /// The address listened on, with the port that the system chose if 0 was requested.
    public let address: SocketAddress

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - socket: the bound socket; the listener takes ownership.
    ///   - backlog: the maximum number of connections waiting to be accepted; the system may allow fewer.
    ///   - accept: called on the loop's thread with each new connection, before reading starts.
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

    /// Binds a socket and starts listening; see ``init(_:on:backlog:accept:)-(ListeningSocket,_,_,_)``.
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
        // The connection failed while waiting, or the process is out of descriptors: then libuv closes it with a
        // reserve descriptor, so that it neither hangs nor wakes the loop repeatedly.
        guard status == 0, !isClosed else { return }
        accepted += 1
        guard accepted <= Self.maximumConsecutiveAccepts else { return acceptLater() }
        take()
    }

    /// Lets other work on the loop run, then accepts the waiting connection. Until then libuv accepts no further one.
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

    /// Stops listening; accepted connections stay open. Further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        if isOneWaiting { take() }
        isClosed = true
        handle.close()
    }
}
