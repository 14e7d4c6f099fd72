import CLibuv

/// Watches a file descriptor that another library owns; to be made and used on the loop's thread, and ended with
/// ``close()`` before the descriptor is closed.
public final class DescriptorWatcher {
    /// What a descriptor is ready for.
    public struct Events: OptionSet, Sendable {
        /// The bits, as libuv has them.
        public let rawValue: UInt32
        /// Makes a set from bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// There is something to read.
        public static let readable = Events(rawValue: UV_READABLE.rawValue)
        /// Writing does not block.
        public static let writable = Events(rawValue: UV_WRITABLE.rawValue)
    }

    private let loop: EventLoop
    private let handle = OwnedHandle<uv_poll_t>()
    private let ready: (Result<Events, EventLoopError>) -> Void
    private var isClosed = false

    /// Makes a watcher that watches for nothing yet.
    ///
    /// - Parameter ready: called on the loop's thread with what the descriptor is ready for, or with why it cannot be
    ///   watched any more.
    /// - Throws: ``EventLoopError`` if the descriptor is not one that can be watched.
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

    /// Sets what to watch for; nothing stops the watching until the next call.
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

    /// Stops watching for good; further calls do nothing.
    public func close() {
        loop.checkIsolated()
        guard !isClosed else { return }
        isClosed = true
        handle.close()
    }
}
