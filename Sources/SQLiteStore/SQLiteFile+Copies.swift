import GRDB
import Glibc
import Store

/// Opens the files that are copied as a whole.
extension SQLiteFile {
    /// Opens a store to back it up, while a bridge may use it. The version of its tables does not matter.
    static func openForBackup(_ path: String) throws(StoreError) -> DatabasePool {
        let path = try plain(path)
        guard try fileExists(path) else { throw StoreError(errno: ENOENT, opening: path) }
        try checkPermissions(path, R_OK)
        do {
            return try DatabasePool(path: path, configuration: configuration(.readOnly))
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a store to copy it to another engine. No other process can write to it until the connection closes.
    static func openSource(_ path: String) throws(StoreError) -> (DatabasePool, LockFile) {
        let path = try plain(path)
        guard try fileExists(path) else { throw StoreError(errno: ENOENT, opening: path) }
        let lock = try LockFile(path: path + ".lock")
        try checkPermissions(path, R_OK | W_OK)
        var configuration = configuration(.maintenance)
        // The lock file keeps bridges away; this transaction keeps commands from writing.
        configuration.allowsUnsafeTransactions = true
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.read { db in
                try rejectNewer(db)
                guard try Schema.migrator.hasCompletedMigrations(db) else { throw outdated }
            }
            try pool.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            return (pool, lock)
        } catch {
            throw StoreError(error)
        }
    }

    /// Opens a store that receives a copy, and creates it if necessary.
    static func openTarget(_ path: String) throws(StoreError) -> (DatabasePool, LockFile) {
        let path = try plain(path)
        let lock = try LockFile(path: path + ".lock")
        if try !fileExists(path) { try create(path) }
        try checkPermissions(path, R_OK | W_OK)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration(.maintenance))
            try pool.writeWithoutTransaction(tune)
            let steps = try pool.read(Schema.migrator.appliedIdentifiers)
            let known = steps.filter { !MigrationStep.isUnfinishedCopy($0) }
            if known == steps { try pool.read(rejectNewer) }
            // An earlier version's findings would have to be moved, and there must not be any.
            guard steps.isEmpty || steps.contains(MigrationStep.movedLedger) else { throw outdated }
            try Schema.migrator.migrate(pool)
            return (pool, lock)
        } catch {
            throw StoreError(error)
        }
    }
}
