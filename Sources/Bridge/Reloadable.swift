import Synchronization

/// A value that is replaced as a whole while others use it.
final class Reloadable<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    /// The value as it is now.
    var value: Value { state.withLock { $0 } }

    /// Replaces the value for everybody who asks from now on.
    func set(_ value: Value) { state.withLock { $0 = value } }
}
