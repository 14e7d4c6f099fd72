import Synchronization

/// A value that a configuration reload can replace while it is in use.
final class Reloadable<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    /// The current value.
    var value: Value { state.withLock { $0 } }

    /// Replaces the value.
    func set(_ value: Value) { state.withLock { $0 = value } }
}
