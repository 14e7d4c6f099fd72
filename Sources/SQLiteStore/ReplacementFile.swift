import Glibc
import Store

/// A file that is written beside its final place, and gets its name only when it is complete and on disk.
///
/// A file that an interrupted process left under the temporary name is replaced by the next one.
struct ReplacementFile {
    /// The final path.
    let path: String
    /// The path while it is written.
    var temporaryPath: String { path + ".partial" }

    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Creates the file under its temporary name, accessible to its owner only.
    func create() throws(StoreError) {
        remove()
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create", temporaryPath) }
        Glibc.close(descriptor)
    }

    /// Removes the temporary file, and those that SQLite left beside it.
    func remove() { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(temporaryPath + suffix) } }

    /// Waits until the content is on disk.
    func synchronize() throws(StoreError) { try Self.synchronize(temporaryPath, O_RDONLY) }

    /// Waits until the content is on disk, and gives the file its name. No process may have it open.
    ///
    /// - Parameter replaces: whether an existing file is replaced.
    func publish(replaces: Bool) throws(StoreError) {
        try synchronize()
        if replaces {
            guard rename(temporaryPath, path) == 0 else { throw Self.failure("create", path) }
        } else {
            // A new link never replaces a file, unlike a new name, but some file systems have no links.
            guard link(temporaryPath, path) == 0 || (access(path, F_OK) != 0 && rename(temporaryPath, path) == 0) else {
                throw access(path, F_OK) == 0 ? Self.exists(path) : Self.failure("create", path)
            }
            unlink(temporaryPath)
        }
        try Self.synchronize(folder, O_RDONLY | O_DIRECTORY)
    }

    private static func synchronize(_ path: String, _ mode: CInt) throws(StoreError) {
        let descriptor = open(path, mode | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write", path) }
    }

    /// Holds a lock on the folder while the file is written: two processes would write to the same temporary file.
    func lockingFolder<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", folder) }
        defer { Glibc.close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw Self.failure("lock", folder) }
            throw StoreError(.inUse, "Another backup is being written to \(folder). Wait until it is complete.")
        }
        return try body()
    }

    /// The file exists and must not be replaced.
    static func exists(_ path: String) -> StoreError {
        StoreError(.invalidValue, "\(path) exists. Specify another file, or add --replace.")
    }

    /// The error of the last system call.
    static func failure(_ verb: String, _ path: String) -> StoreError {
        let error = errno
        let cause = "Cannot \(verb) \(path): \(String(cString: strerror(error)))."
        switch error {
        case ENOSPC, EDQUOT, EIO: return StoreError(.unavailable, "\(cause) Check its volume.")
        default: return StoreError(.invalidPath, "\(cause) Specify a file that this user can access.")
        }
    }
}
