/// Where a store is, as `store.url` says it.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file; a path that does not begin with a slash is relative to the working directory.
    case sqlite(path: String)

    /// The longest URL taken, in bytes.
    public static let maximumLength = 4096

    /// Reads a URL: `sqlite://relative.db` or `sqlite:///absolute.db`. What follows `sqlite://` is the path as it
    /// stands, without percent-encoding.
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/unsupported`` for PostgreSQL and
    ///   ``StoreError/Code/invalidPath`` for everything else that does not name a file. The message never repeats the
    ///   URL, which may hold a password.
    public init(url: String) throws(StoreError) {
        guard url.utf8.count <= Self.maximumLength else {
            throw StoreError(
                .invalidPath, "The store's URL is longer than \(Self.maximumLength) bytes. Give a shorter one.")
        }
        if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            throw StoreError(
                .unsupported, "This version has no PostgreSQL store. Give a file: sqlite:///path/to/file.db.")
        }
        guard let path = url.removingPrefix("sqlite://") else {
            throw StoreError(
                .invalidPath,
                "The store's URL must begin with sqlite://, for example sqlite:///var/lib/bridge/store.db.")
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
