import Synchronization

/// Runs an operation once; all callers wait until it has ended.
///
/// The operation continues when its callers are canceled.
package final class RunOnce: Sendable {
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Makes a guard of an operation that has not run.
    package init() {}

    /// Runs the operation of the first call, and waits for it.
    package func run(_ operation: @escaping @Sendable () async -> Void) async {
        let running = task.withLock { task in
            let running = task ?? Task { await operation() }
            task = running
            return running
        }
        await running.value
    }
}
