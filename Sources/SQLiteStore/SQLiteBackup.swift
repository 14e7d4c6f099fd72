import GRDB
import Glibc
package import Store

/// Copies a SQLite store to a file of the same format, while a bridge reads and writes it.
///
/// All pages are read in one read transaction, so the backup is one state of the store. Without it, SQLite would begin
/// again whenever the bridge writes. Meanwhile the write-ahead log of the store grows.
package enum SQLiteBackup {
    /// The progress: what is done, and the completed share of it, from 0 to 1.
    package typealias Report = @Sendable (_ isVerifying: Bool, _ share: Double) -> Void

    /// What two copies of one state have in common.
    private struct Content: Equatable {
        let schema: [String]
        let counts: [String: Int]

        init(_ db: Database) throws {
            schema = try String.fetchAll(db, sql: "SELECT ifnull(sql, name) FROM sqlite_schema ORDER BY name")
            counts = try Dictionary(
                uniqueKeysWithValues: IntegrityCheck.tables(db).map { name, _ in
                    let sql = "SELECT COUNT(*) FROM \(name.quotedDatabaseIdentifier)"
                    return (name, try Int.fetchOne(db, sql: sql) ?? 0)
                })
        }
    }

    /// The number of pages that are copied at once.
    private static let pagesPerStep: CInt = 1000

    /// Writes a backup, and verifies it before it gets its name.
    ///
    /// - Parameters:
    ///   - path: the file of the store.
    ///   - file: the file of the backup.
    ///   - replaces: whether an existing file is replaced.
    ///   - report: receives the progress.
    /// - Returns: the number of rows in all tables.
    /// - Throws: ``StoreError``; ``StoreError/Code/corrupt`` if the store is damaged.
    package static func write(
        _ path: String, to file: String, replaces: Bool, report: @escaping Report = { _, _ in }
    ) async throws(StoreError) -> Int {
        try await offload { () throws(StoreError) in
            try run(path, to: ReplacementFile(path: file), replaces: replaces, report)
        }.get()
    }

    private static func run(
        _ path: String, to file: ReplacementFile, replaces: Bool, _ report: @escaping Report
    ) throws(StoreError) -> Int {
        try check(file, replaces: replaces, store: path)
        let source = try SQLiteFile.openForBackup(path)
        defer { try? source.close() }
        return try file.lockingFolder { () throws(StoreError) in
            try file.create()
            defer { file.remove() }
            let content: Content
            do {
                content = try copy(source, to: file.temporaryPath, report)
                report(true, 0)
                try verify(file.temporaryPath, content)
            } catch {
                throw StoreError(error)
            }
            try file.publish(replaces: replaces)
            return content.counts.values.reduce(0, +)
        }
    }

    /// Rejects a file that exists, and one of the store itself.
    private static func check(_ file: ReplacementFile, replaces: Bool, store: String) throws(StoreError) {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.invalidPath, "\(file.path) is not a regular file. Specify another file.")
        }
        for suffix in ["", "-wal", "-shm", ".lock"] {
            var own = stat()
            if stat(store + suffix, &own) == 0, own.st_ino == status.st_ino, own.st_dev == status.st_dev {
                throw StoreError(.invalidPath, "\(file.path) is a file of the store itself. Specify another file.")
            }
        }
        guard replaces else { throw ReplacementFile.exists(file.path) }
    }

    private static func copy(_ source: DatabasePool, to path: String, _ report: @escaping Report) throws -> Content {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // The file is of no use before it is complete, and is synchronized then.
            try db.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        }
        let destination = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? destination.close() }
        return try source.read { db in
            // Reads, so that the transaction begins before the backup.
            let content = try Content(db)
            try destination.writeWithoutTransaction { copy in
                try db.backup(to: copy, pagesPerStep: pagesPerStep) { progress in
                    report(false, Double(progress.completedPageCount) / Double(max(progress.totalPageCount, 1)))
                }
            }
            return content
        }
    }

    private static func verify(_ path: String, _ expected: Content) throws {
        try openCopy(path) { db in
            try IntegrityCheck.expectOK(db, "PRAGMA integrity_check(1)")
            guard try Content(db) == expected else {
                throw StoreError(.corrupt, "The backup differs from the store. Run the command again.")
            }
        }
    }

    /// Opens a copied file that no other process uses. Afterwards it is complete without a write-ahead log.
    static func openCopy(_ path: String, _ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path, configuration: SQLiteFile.configuration(.maintenance))
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { db in
            try body(db)
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
        }
    }
}
