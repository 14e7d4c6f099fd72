import CLibuv

/// Watches a file descriptor that another library owns. Create and use it on the loop's thread, and call ``close()``
/// before the descriptor is closed.
public final class DescriptorWatcher {
    /// What a descriptor is ready for.
    public struct Events: OptionSet, Sendable {
        /// libuv's event bits.
        public let rawValue: UInt32
        /// Makes a set from bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// Data can be read.
        public static let readable = Events(rawValue: UV_READABLE.rawValue)
        /// Data can be written without blocking.
        public static let writable = Events(rawValue: UV_WRITABLE.rawValue)
    }

    private let loop: EventLoop
    private let handle = OwnedHandle<uv_poll_t>()
    private let ready: (Result<Events, EventLoopError>) -> Void
    private var isClosed = false

    /// Makes a watcher without events to watch for.
    ///
    /// - Parameter ready: called on the loop's thread with the ready events, or with the error that ended the watching.
    /// - Throws: ``EventLoopError`` if the descriptor cannot be watched.
    public init(
        _ descriptor: CInt, on loop: EventLoop, ready: @escaping (Result<Events, EventLoopError>) -> Void
    ) throws(EventLoopError) {
        loop.checkIsolated()
        self.loop = loop
        self.ready = ready
        let code = uv_poll_init(loop.uvLoop, handle.pointer, descriptor)
        guard code == 0 else {
            handle.discard()
            isClosed = true
            throw EventLoopError(code, operation: "watch a file descriptor")
        }
        handle.keep(self)
    }

    /// Sets the events to watch for; an empty set pauses the watcher.
    public func watch(for events: Events) {
        loop.checkIsolated()
        precondition(!isClosed, "a closed watcher was used")
        if events.isEmpty {
            uv_poll_stop(handle.pointer)
            return
        }
        uv_poll_start(handle.pointer, CInt(events.rawValue)) { handle, status, events in
            guard let watcher = OwnedHandle.owner(handle, as: DescriptorWatcher.self) else { return }
            if status < 0 {
                watcher.ready(.failure(EventLoopError(status, operation: "watch a file descriptor")))
            } else {
                watcher.ready(.success(Events(rawValue: UInt32(events))))
            }
        }
    }

    /// Stops watching permanently; further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}
