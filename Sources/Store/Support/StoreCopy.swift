import Encoding

/// Copies a store to another one, which may have another engine.
///
/// Both stores are locked meanwhile: the copy is made to continue on the other engine, and what a bridge stored after a
/// snapshot would be missing there. Each page of rows is compared with the target and replaced if it differs. So a copy
/// that was interrupted continues where it ended, even if the source has changed since.
package enum StoreCopy {
    /// The progress of a copy.
    package struct Progress: Sendable, Hashable {
        /// Whether everything is copied, and is being compared.
        package let isVerifying: Bool
        /// The current table.
        package let table: String
        /// The number of rows that were copied or compared.
        package let done: Int
        /// The number of rows of the source.
        package let total: Int
    }

    /// Copies all tables, and compares them row by row.
    ///
    /// - Parameter report: receives the progress after each page.
    /// - Returns: the number of rows.
    /// - Throws: ``StoreError`` of the stores; ``StoreError/Code/corrupt`` if the copy differs from the source.
    package static func run(
        from source: any TableSource, to target: any TableTarget,
        report: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws(StoreError) -> Int {
        guard source.tables == target.tables else { throw .differentTables(source.tables, target.tables) }
        try await target.begin(copyOf: source.name)
        var total = 0
        for table in source.tables { total += try await source.count(of: table) }
        var done = 0
        for table in source.tables {
            try await copy(table, from: source, to: target) { count in
                done += count
                report(Progress(isVerifying: false, table: table.name, done: done, total: total))
            }
        }
        done = 0
        for table in source.tables {
            async let copied = digest(of: table, in: target) { _ in }
            let original = try await digest(of: table, in: source) { count in
                done += count
                report(Progress(isVerifying: true, table: table.name, done: done, total: total))
            }
            let found: TableDigest
            do { found = try await copied } catch { throw error as? StoreError ?? .closed }
            guard found == original else { throw .incorrectCopy(of: table, found, original) }
        }
        try await target.finish(source.lastNumbers())
        return total
    }

    private static func copy(
        _ table: StoredTable, from source: any TableSource, to target: any TableTarget, report: (_ count: Int) -> Void
    ) async throws(StoreError) {
        var place: [StoredValue]?
        while true {
            let rows = try await source.page(of: table, in: TableRange(after: place))
            let last = rows.last.map(table.key(of:))
            let range = TableRange(after: place, through: last)
            let known = try await target.page(of: table, in: range)
            if digest(known) != digest(rows) { try await target.replace(range, of: table, with: rows) }
            guard let last else { return }
            place = last
            report(rows.count)
        }
    }

    private static func digest(_ rows: [[StoredValue]]) -> TableDigest {
        var digest = TableDigest()
        digest.add(rows)
        return digest
    }

    private static func digest(
        of table: StoredTable, in store: any TableSource, report: (_ count: Int) -> Void
    ) async throws(StoreError) -> TableDigest {
        var digest = TableDigest()
        var place: [StoredValue]?
        while true {
            let rows = try await store.page(of: table, in: TableRange(after: place))
            guard let last = rows.last else { return digest }
            digest.add(rows)
            place = table.key(of: last)
            report(rows.count)
        }
    }
}

extension StoreError {
    fileprivate static func differentTables(_ source: [StoredTable], _ target: [StoredTable]) -> StoreError {
        let names = Set(source).symmetricDifference(target).map(\.name)
        return StoreError(
            .defect, "The stores have different tables: \(Set(names).sorted().joined(separator: ", ")). Report it.")
    }

    fileprivate static func incorrectCopy(
        of table: StoredTable, _ found: TableDigest, _ expected: TableDigest
    ) -> StoreError {
        StoreError(
            .corrupt,
            "The copy of the table \(table.name) differs from the source: \(found.count) rows instead of "
                + "\(expected.count), or other values. Run the command again; if it fails again, report it.")
    }

    /// The store contains a copy that was interrupted.
    package static let unfinishedCopy = StoreError(
        .unsupported,
        "The store is an unfinished copy of another store. Complete it with defender-bridge store copy, or use another store."
    )

    /// The target of a copy contains data.
    package static func notEmpty(_ table: String) -> StoreError {
        StoreError(
            .invalidPath,
            "The target of the copy is not empty: its table \(table) has rows. Use an empty database, or a file that does not exist."
        )
    }

    /// The target is an unfinished copy of another source.
    package static let otherCopy = StoreError(
        .invalidPath,
        "The target is an unfinished copy of another source. Use the same source, an empty database, or a file that does not exist."
    )
}

extension MigrationStep {
    private static let copyPrefix = "unfinished copy of "

    /// The name that marks a store as an unfinished copy, among those of its migration steps: no version opens a store with
    /// a step that it does not know.
    package static func unfinishedCopy(of source: String) -> String { copyPrefix + source }

    /// Whether a name marks an unfinished copy.
    package static func isUnfinishedCopy(_ name: String) -> Bool { name.hasPrefix(copyPrefix) }
}
