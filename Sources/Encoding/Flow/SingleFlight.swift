import Synchronization

/// Runs at most one operation per key at a time; concurrent callers share its value.
///
/// An operation continues when its callers are canceled.
public final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// What a caller waits for.
    public enum Flight: Sendable {
        /// A value without an operation.
        case known(Value)
        /// A running operation.
        case running(Task<Value, Never>)

        /// The value, when there is one.
        public var value: Value {
            get async {
                switch self {
                case .known(let value): value
                case .running(let task): await task.value
                }
            }
        }
    }

    private struct State {
        var tasks: [Key: (task: Task<Value, Never>, number: UInt64)] = [:]
        var count: UInt64 = 0
    }

    private let state = Mutex(State())
    private let executor: (any TaskExecutor)?

    /// Makes a group without operations.
    ///
    /// - Parameter executor: runs the operations; nil for the default executor.
    public init(executor: (any TaskExecutor)? = nil) { self.executor = executor }

    /// Joins the operation that runs for a key, or starts one.
    ///
    /// - Parameters:
    ///   - known: called with the number of running operations if none runs for the key; what it returns becomes the
    ///     value, and no operation starts. It must not use this object. A value that an operation stored before it
    ///     returned is found here: between the two, others still join the operation.
    ///   - operation: makes the value.
    public func start(
        _ key: Key, unless known: (_ running: Int) -> Value? = { _ in nil },
        operation: @escaping @Sendable () async -> Value
    ) -> Flight {
        state.withLock { state in
            if let running = state.tasks[key] { return .running(running.task) }
            if let value = known(state.tasks.count) { return .known(value) }
            state.count += 1
            let number = state.count
            let task = Task(executorPreference: executor) {
                let value = await operation()
                self.end(key, number)
                return value
            }
            state.tasks[key] = (task, number)
            return .running(task)
        }
    }

    private func end(_ key: Key, _ number: UInt64) {
        state.withLock { state in
            // A forgotten operation may have a successor.
            if state.tasks[key]?.number == number { state.tasks[key] = nil }
        }
    }

    /// Whether an operation runs for a key.
    public func isRunning(_ key: Key) -> Bool { state.withLock { $0.tasks[key] != nil } }

    /// Lets the next caller start an operation, although one may run: its value would be out of date.
    public func forget(_ key: Key) { state.withLock { $0.tasks[key] = nil } }

    /// Cancels the running operations, and waits until they end.
    public func cancel() async {
        let tasks = state.withLock { $0.tasks.values.map(\.task) }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.value }
    }
}

/// The key of a ``SingleFlight`` for a single operation.
public enum OnlyKey: Sendable, Hashable {
    /// The only key.
    case only
}
