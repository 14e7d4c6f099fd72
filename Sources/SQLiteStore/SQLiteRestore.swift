import GRDB
import Glibc
package import Store

/// Puts a backup in the place of a SQLite store that no bridge uses.
package enum SQLiteRestore {
    /// Copies and verifies a backup, and puts the copy in the place of a store. A bridge that starts on it applies pending
    /// migrations.
    ///
    /// - Parameters:
    ///   - file: the file of the backup, which stays.
    ///   - path: the file of the store.
    ///   - replaces: whether an existing store is renamed and replaced.
    ///   - report: receives the progress.
    /// - Returns: the new name of the former store; nil if there was none.
    /// - Throws: ``StoreError``: ``StoreError/Code/inUse`` while a bridge uses the store, ``StoreError/Code/corrupt`` for a
    ///   file that is damaged or no backup, ``StoreError/Code/unsupported`` for one of a newer version.
    package static func run(
        _ file: String, to path: String, replaces: Bool, report: @escaping SQLiteBackup.Report = { _, _ in }
    ) async throws(StoreError) -> String? {
        try await offload { () throws(StoreError) in
            try restore(file, to: SQLiteFile.plain(path), replaces: replaces, report)
        }.get()
    }

    private static func restore(
        _ file: String, to path: String, replaces: Bool, _ report: SQLiteBackup.Report
    ) throws(StoreError) -> String? {
        let lock = try LockFile(path: path + ".lock")
        defer { withExtendedLifetime(lock) {} }
        let exists = try SQLiteFile.fileExists(path)
        guard !exists || replaces else {
            throw StoreError(
                .invalidValue,
                "The store \(path) exists. Add --replace to rename it and to restore the backup in its place.")
        }
        let copy = ReplacementFile(path: path)
        try copy.create()
        defer { copy.remove() }
        try duplicate(file, to: copy.temporaryPath) { report(false, $0) }
        report(true, 0)
        try verify(copy.temporaryPath, file)
        try copy.synchronize()
        // Without a store, too: SQLite would use the log of a store that was removed.
        let former = try SQLiteFile.setAside(path, as: "replaced")
        try copy.publish(replaces: false)
        return exists ? former : nil
    }

    /// Copies the bytes of a file.
    private static func duplicate(
        _ file: String, to copy: String, report: (Double) -> Void
    ) throws(StoreError) {
        let input = open(file, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw ReplacementFile.failure("open", file) }
        defer { close(input) }
        var (status, log) = (stat(), stat())
        guard fstat(input, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.invalidPath, "\(file) is not a regular file. Specify a backup.")
        }
        guard stat(file + "-wal", &log) != 0 || log.st_size == 0 else {
            throw StoreError(
                .invalidPath,
                "\(file) has a write-ahead log: it is a store, or an incomplete copy of one. Specify a file of defender-bridge backup."
            )
        }
        let output = open(copy, O_WRONLY | O_CLOEXEC)
        guard output >= 0 else { throw ReplacementFile.failure("open", copy) }
        defer { close(output) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var done = 0
        while true {
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ReplacementFile.failure("read", file) }
            guard count > 0 else { return }
            try write(buffer[..<count], to: output, copy)
            done += count
            report(Double(done) / Double(max(Int(status.st_size), 1)))
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to output: CInt, _ path: String) throws(StoreError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ReplacementFile.failure("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Checks that a file is a sound store of this version or an earlier one.
    private static func verify(_ path: String, _ file: String) throws(StoreError) {
        do {
            try SQLiteBackup.openCopy(path) { db in
                let application = try Int64.fetchOne(db, sql: "PRAGMA application_id")
                guard application == Schema.applicationID else { throw StoreError(.invalidPath, "") }
                try SQLiteFile.rejectNewer(db)
                try IntegrityCheck.expectOK(db, "PRAGMA integrity_check(1)")
                // An earlier version's tables are not known any more.
                guard try Schema.migrator.hasCompletedMigrations(db) else { return }
                let problems = try SQLiteStore.schemaProblems(db)
                if let problem = problems.first { throw StoreError(.corrupt, problem) }
            }
        } catch let error as StoreError {
            switch error.code {
            case .invalidPath: throw StoreError(.corrupt, "\(file) is not a backup of a store. Specify another file.")
            case .corrupt: throw damaged(file, error.message)
            default: throw StoreError(error.code, "Cannot restore \(file). \(error.message)")
            }
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw damaged(file, "SQLite: \(error.message ?? "no message") (\(error.extendedResultCode.rawValue)).")
        } catch {
            throw StoreError(error)
        }
    }

    private static func damaged(_ file: String, _ cause: String) -> StoreError {
        StoreError(.corrupt, "\(file) is damaged or not a backup. Specify another file. \(cause)")
    }
}
