import Glibc
import Store

/// A lock file next to the database, held by the process that serves from it.
///
/// Not SQLite's exclusive locking mode: that would keep out readers, and the operator's commands read and repair a
/// store while it is served. The lock ends with the process. The empty file stays, because removing it could remove the
/// lock of the next process.
final class LockFile: Sendable {
    private let descriptor: CInt

    /// Acquires the lock.
    ///
    /// - Throws: ``StoreError/Code/inUse`` if a process holds it, including this one.
    init(path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, opening: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            Glibc.close(descriptor)
            guard error == EWOULDBLOCK else { throw StoreError(errno: error, opening: path) }
            throw StoreError(
                .inUse, "Another process is serving from this store: \(path) is locked. Stop that process first.")
        }
        self.descriptor = descriptor
    }

    deinit {
        Glibc.close(descriptor)
    }
}
