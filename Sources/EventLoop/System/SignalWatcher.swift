import CLibuv

/// Watches for a signal to this process. Create and use it on the loop's thread, and call ``close()`` at the end.
public final class SignalWatcher {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_signal_t>()
    private let receive: () -> Void
    private var isClosed = false

    /// Starts watching. A watched signal's default action is disabled. A signal deferred by ``DeferredSignals`` is
    /// received immediately.
    ///
    /// - Parameters:
    ///   - signal: the signal's number, for example `SIGTERM`.
    ///   - receive: called on the loop's thread each time the signal arrives.
    /// - Throws: ``EventLoopError`` if the signal cannot be watched.
    public init(_ signal: CInt, on loop: EventLoop, receive: @escaping () -> Void) throws(EventLoopError) {
        loop.checkIsolated()
        self.loop = loop
        self.receive = receive
        uv_signal_init(loop.uvLoop, handle.pointer)
        handle.keep(self)
        let code = uv_signal_start(
            handle.pointer,
            { handle, _ in
                OwnedHandle.owner(handle, as: SignalWatcher.self)?.receive()
            }, signal)
        if code < 0 {
            close()
            throw EventLoopError(code, operation: "watch for signal \(signal)")
        }
        if DeferredSignals.take(signal) { receive() }
    }

    /// Stops watching; further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}
