import CLibuv

/// A value protected by a libuv mutex. The thread sanitizer recognizes this mutex; on Linux it does not see Swift's own
/// `Mutex`, and would report false races.
///
/// `@unchecked Sendable`: the value is only accessed with the mutex held, and does not escape the closure.
package final class Locked<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<uv_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// - Precondition: the system can create another mutex.
    package init(_ value: sending Value) {
        self.value = value
        precondition(uv_mutex_init(mutex) == 0, "cannot create a mutex")
    }

    deinit {
        uv_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Calls a closure with the value. The closure must not use this lock again.
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        uv_mutex_lock(mutex)
        defer { uv_mutex_unlock(mutex) }
        return try body(&value)
    }
}
