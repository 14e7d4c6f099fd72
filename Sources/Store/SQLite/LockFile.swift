import Glibc

/// A file beside the database that says that a process serves from it.
///
/// Not SQLite's own exclusive locking: that would keep out readers, and the operator's commands read and mend a store
/// while it is being served. The lock ends with the process, whatever ends it; the empty file stays, because removing
/// it could pull it away from under the next holder.
final class LockFile: Sendable {
    private let descriptor: CInt

    /// Takes the lock.
    ///
    /// - Throws: ``StoreError/Code/inUse`` when somebody has it, this process included.
    init(path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, opening: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            Glibc.close(descriptor)
            guard error == EWOULDBLOCK else { throw StoreError(errno: error, opening: path) }
            throw StoreError(.inUse, "Another process serves from this store: \(path) is locked. Stop it first.")
        }
        self.descriptor = descriptor
    }

    deinit {
        Glibc.close(descriptor)
    }
}
