import FoundationEssentials
import GRDB
import Glibc
import Store

/// Opens the file of a SQLite store.
enum SQLiteFile {
    static func open(
        path: String, access: StoreAccess, replaceDamaged: ((_ file: String) -> Void)?,
        report: @escaping StoreEvent.Report = { _ in }
    ) throws(StoreError) -> (DatabasePool, LockFile?) {
        let path = try plain(path)
        guard try fileExists(path) || access == .serving else { throw StoreError(errno: ENOENT, opening: path) }
        let lock = access == .serving ? try LockFile(path: path + ".lock") : nil
        // Checked again: until now another server could have created it.
        if try !fileExists(path) { try create(path) }
        try checkPermissions(path, access == .readOnly ? R_OK : R_OK | W_OK)
        guard access == .serving else { return (try openPool(path, access, report: report), nil) }
        let isSuspect = StoreFiles.isMarkedDamaged(path)
        do throws(StoreError) {
            let pool = try openPool(path, access, checksWhole: isSuspect || replaceDamaged != nil, report: report)
            if isSuspect { StoreFiles.clearDamageMark(path) }
            return (pool, lock)
        } catch {
            guard error.code == .corrupt, let replaceDamaged else { throw error }
            replaceDamaged(try setAside(path, as: "damaged"))
            try create(path)
            return (try openPool(path, access, report: report), lock)
        }
    }

    /// A path that SQLite takes literally.
    static func plain(_ path: String) throws(StoreError) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw StoreError(.invalidPath, "The store's path is empty or contains NUL. Specify a file.")
        }
        // Some names, like ":memory:", are special to SQLite, but none with this prefix is.
        return path.hasPrefix("/") ? path : "./" + path
    }

    private static func openPool(
        _ path: String, _ access: StoreAccess, checksWhole: Bool = false, report: @escaping StoreEvent.Report
    ) throws(StoreError) -> DatabasePool {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(access))
            if access != .readOnly { try pool.writeWithoutTransaction(tune) }
            if access == .serving { try pool.read { try IntegrityCheck.atOpening($0, isWhole: checksWhole) } }
            try bringUpToDate(pool, access: access, report)
            return pool
        } catch {
            throw StoreError(error)
        }
    }

    /// Checks this user's permissions on the existing files.
    ///
    /// SQLite opens a file that it may not write read-only. A wrong file mode, which is permanent, would then look like
    /// a failed volume, which is temporary.
    static func checkPermissions(_ path: String, _ mode: CInt) throws(StoreError) {
        for suffix in ["", "-wal", "-shm"]
        where faccessat(AT_FDCWD, path + suffix, mode, AT_EACCESS) != 0 && errno != ENOENT {
            throw StoreError(errno: errno, opening: path + suffix)
        }
    }

    /// Renames a file and those that SQLite keeps next to it; returns the new name.
    static func setAside(_ path: String, as word: String) throws(StoreError) -> String {
        var number = 1
        var name: String { "\(path).\(word)-\(number)" }
        while ["", "-wal", "-shm"].contains(where: { access(name + $0, F_OK) == 0 }) { number += 1 }
        // The file itself comes last: SQLite would use a leftover log with the next file.
        for suffix in ["-wal", "-shm", ""] where rename(path + suffix, name + suffix) != 0 && errno != ENOENT {
            throw StoreError(errno: errno, opening: path + suffix)
        }
        StoreFiles.clearDamageMark(path)
        return name
    }

    /// Whether the file exists.
    ///
    /// - Throws: ``StoreError/Code/invalidPath`` if the path exists and is not a file.
    static func fileExists(_ path: String) throws(StoreError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw StoreError(errno: errno, opening: path) }
            return false
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.invalidPath, "Invalid store path: \(path) is not a regular file. Specify another path.")
        }
        return true
    }

    /// Creates the file with its mode, before SQLite would with another. SQLite gives the same mode to the files next
    /// to it.
    static func create(_ path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreError(errno: errno, opening: path) }
        // No one has the file open yet: closing a descriptor drops the process's locks on the file.
        Glibc.close(descriptor)
    }

    static func configuration(_ access: StoreAccess) -> Configuration {
        var configuration = Configuration()
        configuration.label = "store"
        configuration.readonly = access == .readOnly
        // EventBridge waits 5 seconds for a response. Next to a serving process under load, the lock may take long.
        configuration.busyMode = .timeout(access == .maintenance ? 30 : 2)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            // Runs before WAL mode is enabled, which would already change a foreign file.
            try rejectForeign(db)
            db.add(function: textHash)
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        }
        return configuration
    }

    /// The hash by which the ledger finds a subject.
    private static let textHash = DatabaseFunction("text_hash", argumentCount: 1, pure: true) { values in
        String.fromDatabaseValue(values[0]).map { Data(LedgerRecord.hash($0)) }
    }

    private static func rejectForeign(_ db: Database) throws {
        let applicationID = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        guard applicationID != Schema.applicationID else { return }
        // GRDB commits its table, which has an index, before the first step: the process can be killed in between.
        let tables = try Int64.fetchOne(
            db, sql: "SELECT COUNT(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'")
        guard applicationID == 0, tables == 0 else {
            throw StoreError(
                .invalidPath, "The file is another application's database; it was not changed. Specify another file.")
        }
    }

    static func tune(_ db: Database) throws {
        // GRDB sets NORMAL when it switches to WAL, which loses the last commits in a power failure.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        // In pages. A checkpoint runs within a commit, which then waits for the disk twice more. With fewer checkpoints
        // than by default, fewer commits of a burst are slow, and a page that changes repeatedly is copied once.
        try db.execute(sql: "PRAGMA wal_autocheckpoint = 2500")
        // After a burst, the WAL file is truncated to this size.
        try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
        // In kibibytes: the pages that one chunk of an audit changes. With fewer, they are written and read twice.
        try db.execute(sql: "PRAGMA cache_size = -16384")
    }

    private static func bringUpToDate(_ pool: DatabasePool, access: StoreAccess, _ report: StoreEvent.Report) throws {
        let migrator = Schema.migrator
        try pool.read { try rejectNewer($0) }
        if access == .serving {
            if try !pool.read(migrator.appliedIdentifiers).contains(MigrationStep.movedLedger) {
                try migrator.migrate(pool, upTo: MigrationStep.findings)
                try LedgerMigration.run(pool, report: report)
            }
            try migrator.migrate(pool)
            try pool.write(endLeases)
        } else if try !pool.read(migrator.hasCompletedMigrations) {
            throw outdated
        }
    }

    static let outdated = StoreError(
        .outdated, "The store's tables are out of date. Start the bridge once to apply the pending migrations.")

    /// Rejects a store with migration steps that this version does not know, and an unfinished copy.
    static func rejectNewer(_ db: Database) throws {
        let steps = try Schema.migrator.appliedIdentifiers(db)
        guard !steps.contains(where: MigrationStep.isUnfinishedCopy) else { throw StoreError.unfinishedCopy }
        guard steps.isSubset(of: Schema.migrator.migrations) else {
            throw StoreError(.unsupported, "The store was written by a newer version. Run that version or a later one.")
        }
    }

    /// Ends the leases of a server that did not release them: the lock shows that it is gone, so their expiry need not
    /// be awaited. The attempts count, in case they caused its end.
    private static func endLeases(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE delivery SET state = 'pending', ready_at = received_at, lease_owner = NULL
                WHERE ready_at IS NOT NULL AND state = 'leased'
                """)
    }
}
