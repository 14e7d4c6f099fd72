import GRDB
import Glibc
import Store

extension StoreError {
    /// Converts an error inside the database.
    ///
    /// Only SQLite's code and its own message are included: neither contains a bound value.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error)
        default: self.init(.defect, "Unexpected store error (\(type(of: error))). Report it.")
        }
    }

    private init(_ error: DatabaseError) {
        let cause = "SQLite: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue))."
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.unavailable, "The disk is full. Free disk space; the store recovers automatically. \(cause)")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .unavailable,
                "The store is read-only. Grant this user write permission on its file and directory. \(cause)")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(
                .unavailable, "The store is locked by another process. If this persists, stop that process. \(cause)")
        case .SQLITE_CANTOPEN:
            self.init(
                .unavailable,
                "Cannot open the store's file or its -wal or -shm file. Grant this user read and write permission on them. \(cause)"
            )
        case .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_NOLFS, .SQLITE_INTERRUPT:
            self.init(.unavailable, "I/O error on the store's file. Check its volume. \(cause)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .corrupt,
                "The store's file is damaged or not a database. Stop the bridge and restore the file from a backup, or start "
                    + "with --replace-damaged-store, which keeps the file under another name and creates an empty store. \(cause)"
            )
        default:
            self.init(.defect, "The database rejected a statement. Report it. \(cause)")
        }
    }

    /// Converts an error of the operating system.
    package init(errno error: CInt, opening path: String) {
        let cause = "\(path): \(String(cString: strerror(error)))."
        switch error {
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG:
            self.init(.invalidPath, "Invalid store path. Specify a file in an existing directory. \(cause)")
        case EACCES, EPERM:
            self.init(
                .invalidPath,
                "Cannot open the store's file: access denied. Grant this user read and write permission on it and its directory. \(cause)"
            )
        default:
            self.init(.unavailable, "Cannot open the store's file. Check its volume. \(cause)")
        }
    }
}
