import CLibuv
import Glibc

/// Receives the events of a ``TCPStream`` on the loop's thread.
public protocol TCPStreamHandler: AnyObject {
    /// Bytes were received; the span is valid during the call only.
    func streamDidRead(_ bytes: Span<UInt8>)
    /// The peer has closed its sending side, but may still read.
    func streamDidEnd()
    /// All pending bytes were written to the system.
    func streamDidDrain()
    /// The stream was closed, by ``TCPStream/close()`` (nil) or by an error. No further events follow.
    func streamDidClose(_ error: EventLoopError?)
}

/// One connection over TCP or a local socket. Use it on its loop's thread, and call ``close()`` at the end.
///
/// The owner applies backpressure: ``stopReading()`` makes the peer wait, ``pendingBytes`` is the amount of unsent
/// data.
public final class TCPStream {
    /// The loop that the stream belongs to.
    public let loop: EventLoop
    /// The peer's address; nil if it had disconnected before the address could be read.
    public private(set) var peer: SocketAddress?
    /// The event handler; retained until the stream is closed.
    public var handler: (any TCPStreamHandler)?
    /// The number of written bytes that the system has not accepted yet.
    public private(set) var pendingBytes = 0

    private let handle = OwnedHandle<uv_tcp_t>()
    private var isClosed = false
    private var isReading = false

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        UnsafeMutableRawPointer(handle.pointer).assumingMemoryBound(to: uv_stream_t.self)
    }

    /// Accepts the next waiting connection of a listening handle.
    init(acceptingFrom listener: UnsafeMutablePointer<uv_stream_t>, on loop: EventLoop) throws(EventLoopError) {
        loop.checkIsolated()
        self.loop = loop
        uv_tcp_init(loop.uvLoop, handle.pointer)
        handle.keep(self)
        let code = uv_accept(listener, stream)
        guard code == 0 else {
            close()
            throw EventLoopError(code, operation: "accept a connection")
        }
        // Responses are written in one piece, so Nagle's algorithm only adds latency. Local sockets do not use it.
        uv_tcp_nodelay(handle.pointer, 1)
        peer = SocketAddress.ofSocket(handle.pointer, uv_tcp_getpeername)
    }

    // MARK: Reading

    /// Starts or resumes reading.
    public func startReading() {
        loop.checkIsolated()
        guard !isClosed, !isReading else { return }
        isReading = true
        uv_read_start(
            stream,
            { handle, _, buffer in
                let base = UnsafeMutableRawPointer(handle)?.assumingMemoryBound(to: uv_stream_t.self)
                guard let reader = OwnedHandle<uv_stream_t>.owner(base, as: TCPStream.self) else { return }
                let memory = reader.loop.readBuffer.assumingMemoryBound(to: CChar.self)
                buffer?.pointee = uv_buf_init(memory.baseAddress, CUnsignedInt(memory.count))
            },
            { handle, count, _ in
                OwnedHandle<uv_stream_t>.owner(handle, as: TCPStream.self)?.didRead(count)
            })
    }

    /// Stops reading, so that the peer has to wait once the system's buffers are full.
    public func stopReading() {
        loop.checkIsolated()
        guard !isClosed, isReading else { return }
        isReading = false
        uv_read_stop(stream)
    }

    private func didRead(_ count: Int) {
        if count > 0 {
            handler?.streamDidRead(
                UnsafeBufferPointer(rebasing: loop.readBuffer.assumingMemoryBound(to: UInt8.self)[..<count]).span)
        } else if count == Int(UV_EOF.rawValue) {
            stopReading()
            handler?.streamDidEnd()
        } else if count < 0 {
            close(EventLoopError(CInt(count), operation: "read from a connection"))
        }
    }

    // MARK: Writing

    /// Appends bytes to the output. What the system does not accept immediately is kept and counted in
    /// ``pendingBytes``; the handler is notified when all of it is sent.
    public func write(_ bytes: [UInt8]) {
        loop.checkIsolated()
        guard !isClosed, !bytes.isEmpty else { return }
        let written = pendingBytes == 0 ? tryToWrite(bytes) : 0
        if written < bytes.count { enqueue(bytes[written...]) }
    }

    private func tryToWrite(_ bytes: [UInt8]) -> Int {
        let code = bytes.withUnsafeBytes { bytes in
            var buffer = Self.buffer(bytes)
            return uv_try_write(stream, &buffer, 1)
        }
        // An error recurs in the write that follows, which reports it.
        return max(Int(code), 0)
    }

    private func enqueue(_ bytes: ArraySlice<UInt8>) {
        let request = WriteRequest(bytes, stream: self)
        pendingBytes += bytes.count
        var buffer = Self.buffer(UnsafeRawBufferPointer(request.bytes))
        let code = uv_write(request.pointer, stream, &buffer, 1) { pointer, status in
            WriteRequest.finish(pointer, status: status)
        }
        guard code == 0 else {
            request.discard()
            return close(EventLoopError(code, operation: "write to a connection"))
        }
    }

    fileprivate func didWrite(_ count: Int, status: CInt) {
        pendingBytes -= count
        guard !isClosed else { return }
        if status < 0 {
            close(EventLoopError(status, operation: "write to a connection"))
        } else if pendingBytes == 0 {
            handler?.streamDidDrain()
        }
    }

    private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        let memory = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
        return uv_buf_init(memory, CUnsignedInt(bytes.count))
    }

    // MARK: Closing

    /// Shuts down the sending side; reading continues. Call it when nothing is pending.
    public func finishWriting() {
        loop.checkIsolated()
        guard !isClosed else { return }
        let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
        let code = uv_shutdown(request, stream) { request, _ in request?.deallocate() }
        if code < 0 { request.deallocate() }
    }

    /// Closes the stream immediately; pending bytes are dropped. Further calls do nothing.
    public func close() { close(nil) }

    /// Closes the stream immediately by a reset, which leaves no state in the system; the peer may lose data that it
    /// has not read. Further calls do nothing.
    public func reset() {
        loop.checkIsolated()
        guard !isClosed else { return }
        var lingering = linger(l_onoff: 1, l_linger: 0)
        var descriptor: uv_os_fd_t = -1
        if uv_fileno(UnsafeMutableRawPointer(handle.pointer).assumingMemoryBound(to: uv_handle_t.self), &descriptor)
            == 0
        {
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
        }
        close()
    }

    private func close(_ error: EventLoopError?) {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
        let handler = self.handler
        self.handler = nil
        handler?.streamDidClose(error)
    }
}

/// Bytes being written, which must stay in place until libuv's callback.
private final class WriteRequest {
    let pointer = UnsafeMutablePointer<uv_write_t>.allocate(capacity: 1)
    let bytes: UnsafeMutableBufferPointer<UInt8>
    private let stream: TCPStream

    init(_ slice: ArraySlice<UInt8>, stream: TCPStream) {
        self.stream = stream
        bytes = .allocate(capacity: slice.count)
        _ = bytes.initialize(from: slice)
        pointer.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    deinit {
        pointer.deallocate()
        bytes.deallocate()
    }

    static func finish(_ pointer: UnsafeMutablePointer<uv_write_t>?, status: CInt) {
        guard let data = pointer?.pointee.data else { return }
        let request = Unmanaged<WriteRequest>.fromOpaque(data).takeRetainedValue()
        request.stream.didWrite(request.bytes.count, status: status)
    }

    /// Releases a request that libuv has rejected.
    func discard() { Unmanaged.passUnretained(self).release() }
}

extension SocketAddress {
    /// The address of a socket from `uv_tcp_getsockname` or `uv_tcp_getpeername`.
    static func ofSocket(
        _ handle: UnsafeMutablePointer<uv_tcp_t>,
        _ getName: (UnsafePointer<uv_tcp_t>?, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<CInt>?) -> CInt
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = CInt(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { storage in
            getName(handle, UnsafeMutableRawPointer(storage).assumingMemoryBound(to: sockaddr.self), &length)
        }
        return code == 0 ? SocketAddress(storage) : nil
    }
}
