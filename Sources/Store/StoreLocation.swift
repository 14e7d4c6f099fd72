/// Where a store is, as `store.url` says it.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file; a path that does not begin with a slash is relative to the working directory.
    case sqlite(path: String)
    /// A PostgreSQL database.
    case postgresql(PostgreSQLAddress)

    /// The longest URL taken, in bytes.
    public static let maximumLength = 4096

    /// Reads a URL: `sqlite://relative.db`, `sqlite:///absolute.db`, or a connection URI of PostgreSQL
    /// (`postgresql://…`, `postgres://…`). What follows `sqlite://` is the path as it stands, without percent-encoding.
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath`` for everything else. The message never repeats the
    ///   URL, which may hold a password.
    public init(url: String) throws(StoreError) {
        guard url.utf8.count <= Self.maximumLength else {
            throw StoreError(
                .invalidPath, "The store's URL is longer than \(Self.maximumLength) bytes. Give a shorter one.")
        }
        if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            self = .postgresql(try PostgreSQLAddress(url: url))
            return
        }
        guard let path = url.removingPrefix("sqlite://") else {
            throw StoreError(
                .invalidPath,
                "The store's URL must begin with sqlite:// or postgresql://, for example sqlite:///var/lib/bridge/store.db."
            )
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw StoreError(.invalidPath, "The store's URL names no file. Put the file's path behind sqlite://.")
        }
        self = .sqlite(path: path)
    }
}

extension String {
    /// What follows the prefix; nil when the text does not begin with it.
    fileprivate func removingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
