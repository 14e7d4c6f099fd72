import GRDB
import Glibc

extension StoreError {
    /// What a failure inside the database means to the caller.
    ///
    /// Only SQLite's code and its own message are taken over: neither holds a bound value.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError: self.init(error)
        default: self.init(.defect, "The store failed in an unforeseen way (\(type(of: error))). Report this.")
        }
    }

    private init(_ error: DatabaseError) {
        let cause = "SQLite: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue))."
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.unavailable, "The disk is full. Free space; the store goes on by itself then. \(cause)")
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(.unavailable, "The store is read-only. Allow this user to write to its file and folder. \(cause)")
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL:
            self.init(.unavailable, "Another process keeps the store locked. End it if this goes on. \(cause)")
        case .SQLITE_CANTOPEN:
            self.init(
                .unavailable,
                "The store's file, or one beside it, cannot be opened. Allow this user to read and write them. \(cause)"
            )
        case .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_NOLFS, .SQLITE_INTERRUPT:
            self.init(.unavailable, "The store's file cannot be read or written. Check its volume. \(cause)")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .corrupt,
                "The store's file is damaged or no database. Stop the bridge, and restore the file from a backup, or start "
                    + "with --replace-damaged-store, which keeps it under another name. \(cause)")
        default:
            self.init(.defect, "The database refused a statement. Report this. \(cause)")
        }
    }

    /// What an error of the operating system means to the caller.
    init(errno error: CInt, opening path: String) {
        let cause = "\(path): \(String(cString: strerror(error)))."
        switch error {
        case ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG:
            self.init(.invalidPath, "The store cannot be there. Name a file in a folder that exists. \(cause)")
        case EACCES, EPERM:
            self.init(
                .invalidPath,
                "The store's file cannot be opened. Allow this user to read and write it and its folder. \(cause)")
        default:
            self.init(.unavailable, "The store's file cannot be opened. Check its volume. \(cause)")
        }
    }

    /// The store was closed.
    static let closed = StoreError(.closed, "The store is closed.")

    /// The lease is no longer held.
    static func leaseLost(_ lease: Lease) -> StoreError {
        StoreError(
            .leaseLost, "The lease of \(lease.owner) on \(lease.deliveryID) is lost: it was taken over or has ended.")
    }
}
