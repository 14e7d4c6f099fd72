import CLibuv

/// Watches for a signal to this process; to be made and used on the loop's thread, and ended with ``close()``.
public final class SignalWatcher {
    private let loop: EventLoop
    private let handle = OwnedHandle<uv_signal_t>()
    private let receive: () -> Void
    private var isClosed = false

    /// Starts to watch. While a signal is watched, its default action does not happen. One that ``HeldSignals`` has held is
    /// received at once.
    ///
    /// - Parameters:
    ///   - signal: the signal's number, for example `SIGTERM`.
    ///   - receive: called on the loop's thread each time that the signal came.
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
