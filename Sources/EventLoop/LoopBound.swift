/// A value that belongs to one event loop's thread, in a box that may travel between threads.
///
/// `@unchecked Sendable`: the value is reached through ``value`` only, which stops the program on any other thread.
public final class LoopBound<Value>: @unchecked Sendable {
    /// The loop that the value belongs to.
    public let loop: EventLoop
    private let storage: Value

    /// Puts a value into a box; to be called on the loop's thread, where the value was made.
    public init(_ value: Value, loop: EventLoop) {
        loop.checkIsolated()
        self.loop = loop
        self.storage = value
    }

    /// The value; on the loop's thread only.
    public var value: Value {
        loop.checkIsolated()
        return storage
    }
}
