import Glibc

extension StoreLocation {
    /// The folder of a SQLite file; nil for a database server.
    public var folder: String? {
        guard case .sqlite(let path) = self else { return nil }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Whether the store is a SQLite file that does not exist yet, and that this process may create. Creates nothing.
    ///
    /// - Throws: ``StoreError`` if the folder does not exist or does not let this process create the file.
    public func isAbsentFile() throws(StoreError) -> Bool {
        guard case .sqlite(let path) = self, let folder, access(path, F_OK) != 0, errno == ENOENT else { return false }
        guard access(folder, W_OK | X_OK) == 0 else { throw StoreError(errno: errno, opening: path) }
        return true
    }
}
