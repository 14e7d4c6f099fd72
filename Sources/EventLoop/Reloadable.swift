import Synchronization

/// A value that a configuration reload can replace while it is in use.
public final class Reloadable<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    /// Creates a box with a value.
    public init(_ value: Value) { state = Mutex(value) }

    /// The current value.
    public var value: Value { state.withLock { $0 } }

    /// Replaces the value.
    public func set(_ value: Value) { state.withLock { $0 = value } }
}
