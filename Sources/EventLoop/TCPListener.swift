import CLibuv
import Glibc

/// A listening TCP socket; to be made and used on its loop's thread, and ended with ``close()``.
public final class TCPListener {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_tcp_t>()
    private let accept: (TCPStream) -> Void
    private var isClosed = false

    /// The address listened on, with the port that the system chose if none was asked for.
    public private(set) var address: SocketAddress

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - backlog: how many connections may wait to be accepted; the system may allow fewer.
    ///   - accept: called on the loop's thread with each new connection, which is not read from yet.
    /// - Throws: ``EventLoopError``, for example when the address is in use.
    public init(
        _ address: SocketAddress, on loop: EventLoop, backlog: CInt = 1024, accept: @escaping (TCPStream) -> Void
    ) throws(EventLoopError) {
        loop.checkIsolated()
        self.loop = loop
        self.accept = accept
        self.address = address
        uv_tcp_init_ex(loop.uvLoop, handle.pointer, CUnsignedInt(AF_UNSPEC))
        handle.keep(self)
        do {
            try listen(backlog: backlog)
        } catch {
            close()
            throw error
        }
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle.pointer).assumingMemoryBound(to: uv_stream_t.self)
    }

    private func listen(backlog: CInt) throws(EventLoopError) {
        let operation = "listen on \(address)"
        let bound = address.withSockaddr { uv_tcp_bind(handle.pointer, $0, 0) }
        try EventLoopError.check(bound ?? CInt(UV_EINVAL.rawValue), operation: operation)
        let code = uv_listen(stream, backlog) { stream, status in
            guard let listener = OwnedHandle<uv_stream_t>.owner(stream, as: TCPListener.self) else { return }
            listener.didConnect(status: status)
        }
        try EventLoopError.check(code, operation: operation)
        if let actual = SocketAddress.ofSocket(handle.pointer, uv_tcp_getsockname) { address = actual }
    }

    private func didConnect(status: CInt) {
        // A connection that failed while it waited, or one for which there is no descriptor left: libuv tries again.
        guard status == 0, !isClosed, let stream = try? TCPStream(acceptingFrom: stream, on: loop) else { return }
        accept(stream)
    }

    /// Stops listening; connections that were accepted stay. Further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}
