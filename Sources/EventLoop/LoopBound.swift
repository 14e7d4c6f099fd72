/// A sendable box for a value that belongs to one event loop's thread.
///
/// `@unchecked Sendable`: the value is accessible through ``value`` only, which traps on any other thread.
public final class LoopBound<Value>: @unchecked Sendable {
    /// The loop that the value belongs to.
    public let loop: EventLoop
    private let storage: Value

    /// Boxes a value; call it on the loop's thread, where the value was made.
    public init(_ value: Value, loop: EventLoop) {
        loop.checkIsolated()
        self.loop = loop
        self.storage = value
    }

    /// The value; accessible on the loop's thread only.
    public var value: Value {
        loop.checkIsolated()
        return storage
    }
}
