package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Returns the findings with some ids, in one snapshot.
    package func ledgerRows(ids: [String]) async throws(StoreError) -> [String: LedgerRow] {
        let hashes = ids.map(LedgerRecord.hash)
        let rows = try await rows(LedgerQueries.byID, hashes)
        return Dictionary(rows.map { ($0.entry.id, $0) }) { first, _ in first }
    }

    /// Returns the findings in some rows, in one snapshot.
    package func ledgerRows(numbers: [Int64]) async throws(StoreError) -> [LedgerRow] {
        try await rows(LedgerQueries.byNumber, numbers)
    }

    /// Returns the findings with some digests, in one snapshot.
    package func unchangedFindings(
        digests: [[UInt8]], of accountRegion: AccountRegion
    ) async throws(StoreError) -> [UnchangedFinding?] {
        guard let length = digests.first?.count else { return [] }
        return try await read { db in
            var found = [UnchangedFinding?](repeating: nil, count: digests.count)
            let joined = Array(digests.joined())
            for row in try db.rows(LedgerQueries.unchanged, [accountRegion.stored, joined, length]) {
                let place = try row.count("place")
                guard found.indices.contains(place) else { throw StoreError.unreadableRow }
                found[place] = UnchangedFinding(
                    number: try row.integer("number"), severity: try row.optionalValue("severity"))
            }
            return found
        }
    }

    /// Lists the findings about a subject.
    package func ledgerRows(
        about subject: String, after last: LedgerRow?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try await page(
            LedgerQueries.about, [LedgerRecord.hash(subject), last?.number ?? .min, limit], limit: limit)
    }

    /// Lists the places of the findings of a group that are not over and were last reported before a time.
    package func openPositions(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, group: String, before time: Timestamp,
        after last: LedgerPosition?, limit: Int
    ) async throws(StoreError) -> [LedgerPosition] {
        try Limits.check(limit: limit, in: Limits.positions)
        let start = last ?? .start
        return try await read { db in
            let rows = try db.rows(
                LedgerQueries.open,
                [
                    accountRegion.stored, kind.rawValue, group, time.milliseconds, start.storedTime, start.number,
                    limit,
                ])
            return try rows.map { try LedgerPosition($0) }
        }
    }

    /// Lists the findings of a mapped source that are not over and were last reported before a time.
    package func openLedgerRows(
        of accountRegion: AccountRegion, source: String, reportedBefore time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        guard DeliveryLane.isSourceName(source) else { return [] }
        return try await page(
            LedgerQueries.openOfSource,
            [
                accountRegion.stored, source, DeliveryLane.end(ofNamesOf: source), time.milliseconds,
                last?.number ?? .min, limit,
            ],
            limit: limit)
    }

    /// Lists the active findings that were last sent before a time.
    package func staleLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, before time: Timestamp, after last: LedgerRow?,
        limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        let start = last.map { LedgerPosition(updated: $0) } ?? .start
        return try await page(
            LedgerQueries.stale,
            [accountRegion.stored, kind.rawValue, time.milliseconds, start.storedTime, start.number, limit],
            limit: limit)
    }

    /// Lists the findings whose latest state was not confirmed.
    package func unsentLedgerRows(
        of accountRegion: AccountRegion, kind: LedgerEntry.Kind, after last: LedgerRow?, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try await page(
            LedgerQueries.unsent, [accountRegion.stored, kind.rawValue, last?.number ?? .min, limit], limit: limit)
    }

    /// Lists the groups of findings that are not over.
    package func ledgerGroups(of accountRegion: AccountRegion, kind: LedgerEntry.Kind) async throws(StoreError)
        -> [String]
    {
        try await read { db in
            try db.rows(LedgerQueries.groups, [accountRegion.stored, kind.rawValue]).map { try $0.text("name") }
        }
    }

    /// Returns the audit whose list of findings is being imported.
    package func listedAudit(of accountRegion: AccountRegion) async throws(StoreError) -> String? {
        try await read { db in
            try db.row(LedgerQueries.listing, [accountRegion.stored])?.optionalText("listing")
        }
    }

    /// Deletes archived findings that are over and were last updated before a time, a thousand in a transaction.
    package func purgeLedger(archivedBefore time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.run(LedgerSQL.purge, [time.milliseconds, limit])
        }
    }

    /// Reads rows one after another: without a network in between, that costs no more than a list of keys would, and
    /// there is no limit to their number.
    private func rows(
        _ sql: SQLStatement, _ keys: [some SQLiteValue]
    ) async throws(StoreError) -> [LedgerRow] {
        try await read { db in
            let query = try PreparedStatement(sql.sqlite, in: db)
            return try keys.compactMap { key in try query.row([key]).map { try LedgerRow($0) } }
        }
    }

    private func page(
        _ sql: SQLStatement, _ arguments: SQLiteArguments, limit: Int
    ) async throws(StoreError) -> [LedgerRow] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(sql, arguments).map { try LedgerRow($0) }
        }
    }
}
