package import PostgreSQLStore
package import Store

/// The location of a store, as configured in `store.url`.
package enum StoreLocation: Sendable, Hashable {
    /// A SQLite file. A path without a leading slash is relative to the working directory.
    case sqlite(path: String)
    /// A PostgreSQL database.
    case postgresql(PostgreSQLAddress)

    /// Begins the URL of a SQLite file.
    static let filePrefix = "sqlite://"

    /// The maximum length of a URL, in bytes.
    package static let maximumLength = 4096

    /// Parses a URL: `sqlite://relative.db`, `sqlite:///absolute.db`, or a PostgreSQL connection URI (`postgresql://…`,
    /// `postgres://…`). The text after `sqlite://` is the literal path, without percent-encoding.
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath`` for any other text. The message never contains the
    ///   URL, which may include a password.
    package init(url: String) throws(StoreError) {
        guard url.utf8.count <= Self.maximumLength else {
            throw StoreError(
                .invalidPath, "The store's URL is longer than \(Self.maximumLength) bytes. Use a shorter one.")
        }
        if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            self = .postgresql(try PostgreSQLAddress(url: url))
            return
        }
        guard let path = url.removingPrefix(Self.filePrefix) else {
            throw StoreError(
                .invalidPath,
                "The store's URL must begin with sqlite:// or postgresql://, for example sqlite:///var/lib/bridge/store.db."
            )
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw StoreError(
                .invalidPath, "The store's URL contains no file name. Put the path of the file after sqlite://.")
        }
        self = .sqlite(path: path)
    }
}

extension String {
    /// The text after the prefix; nil if the text does not begin with it.
    fileprivate func removingPrefix(_ prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
