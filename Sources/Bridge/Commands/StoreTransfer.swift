import Encoding
import PostgreSQLStore
import SQLiteStore
package import Store

/// Moves whole stores, for `backup`, `restore` and `store copy`.
package enum StoreTransfer {
    /// Backs up a store to a file while a bridge may use it.
    ///
    /// - Parameters:
    ///   - replaces: whether an existing file is replaced.
    ///   - report: receives whether the backup is being verified, and the completed share of that.
    /// - Returns: the number of rows.
    /// - Throws: ``ConfigurationError`` for a database server; ``StoreError``.
    package static func backUp(
        _ location: StoreLocation, to file: String, replaces: Bool,
        report: @escaping @Sendable (_ isVerifying: Bool, _ share: Double) -> Void
    ) async throws -> Int {
        guard case .sqlite(let path) = location else {
            throw ConfigurationError(
                "store.url",
                "PostgreSQL databases are backed up by their own program. Run pg_dump --format=custom --file=\(file) URL."
            )
        }
        return try await SQLiteBackup.write(path, to: file, replaces: replaces, report: report)
    }

    /// Puts a backup in the place of a store that no bridge uses.
    ///
    /// - Parameters:
    ///   - replaces: whether an existing store is renamed and replaced.
    ///   - report: receives whether the backup is being verified, and the completed share of that.
    /// - Returns: the new name of the former store, if there was one.
    /// - Throws: ``ConfigurationError`` for a database server; ``StoreError``.
    package static func restore(
        _ file: String, to location: StoreLocation, replaces: Bool,
        report: @escaping @Sendable (_ isVerifying: Bool, _ share: Double) -> Void
    ) async throws -> String? {
        guard case .sqlite(let path) = location else {
            throw ConfigurationError(
                "store.url",
                "PostgreSQL databases are restored by their own program. Run pg_restore --clean --if-exists --dbname=URL \(file)."
            )
        }
        return try await SQLiteRestore.run(file, to: path, replaces: replaces, report: report)
    }

    /// Copies a store to another engine; see ``StoreCopy``.
    ///
    /// - Parameter report: receives the progress.
    /// - Returns: the number of rows.
    package static func copy(
        from source: StoreLocation, to target: StoreLocation,
        report: @escaping @Sendable (StoreCopy.Progress) -> Void
    ) async throws(StoreError) -> Int {
        let source = try await open(source)
        return try await withCleanup { () async throws(StoreError) in
            let target = try await openTarget(target)
            return try await withCleanup { () async throws(StoreError) in
                try await StoreCopy.run(from: source, to: target, report: report)
            } cleanup: { () async throws(StoreError) in
                await target.close()
            }
        } cleanup: { () async throws(StoreError) in
            await source.close()
        }
    }

    private static func open(_ location: StoreLocation) async throws(StoreError) -> any TableSource {
        switch location {
        case .sqlite(let path): try await SQLiteTables.source(path)
        case .postgresql(let address): try await PostgreSQLTables.source(address)
        }
    }

    private static func openTarget(_ location: StoreLocation) async throws(StoreError) -> any TableTarget {
        switch location {
        case .sqlite(let path): try await SQLiteTables.target(path)
        case .postgresql(let address): try await PostgreSQLTables.target(address)
        }
    }
}
