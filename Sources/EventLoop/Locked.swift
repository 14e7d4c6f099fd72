import CLibuv

/// A value that one thread uses at a time, by libuv's mutex. The thread sanitizer knows that one; it does not see the lock
/// of Swift's own `Mutex` on Linux, and would call everything behind it a race.
///
/// `@unchecked Sendable`: the value is used with the mutex held only, and does not leave the closure.
package final class Locked<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<uv_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// - Precondition: the system has room for one more mutex.
    package init(_ value: sending Value) {
        self.value = value
        precondition(uv_mutex_init(mutex) == 0, "the system has no mutex left")
    }

    deinit {
        uv_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Uses the value. The closure must not use it again through this lock.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        uv_mutex_lock(mutex)
        defer { uv_mutex_unlock(mutex) }
        return try body(&value)
    }
}
