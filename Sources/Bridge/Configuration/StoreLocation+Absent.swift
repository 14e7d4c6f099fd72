import Glibc
import SQLiteStore
package import Store

extension StoreLocation {
    /// The directory of a SQLite file; nil for a database server.
    package var folder: String? {
        guard case .sqlite(let path) = self else { return nil }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether the store is a SQLite file that does not exist and that this process may create. Does not create it.
    ///
    /// - Throws: ``StoreError`` if the directory does not exist, or if this process may not create files in it.
    package func isAbsentFile() throws(StoreError) -> Bool {
        guard case .sqlite(let path) = self, let folder, access(path, F_OK) != 0, errno == ENOENT else { return false }
        guard access(folder, W_OK | X_OK) == 0 else { throw StoreError(errno: errno, opening: path) }
        return true
    }
}
