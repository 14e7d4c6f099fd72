package import AWSCore
package import Encoding
import GRDB
package import Store

extension SQLiteStore {
    /// Returns the dispositions of subjects, in one snapshot.
    package func dispositions(about subjects: [String]) async throws(StoreError) -> [String: Disposition] {
        try await read { db in
            let query = try PreparedStatement(DispositionSQL.bySubject.sqlite, in: db)
            var dispositions: [String: Disposition] = [:]
            for subject in subjects {
                guard let row = try query.row([subject]) else { continue }
                dispositions[subject] = try Disposition(row)
            }
            return dispositions
        }
    }

    /// Lists the dispositions of an account-Region.
    package func dispositions(
        of accountRegion: AccountRegion, after last: Disposition?, limit: Int
    ) async throws(StoreError) -> [Disposition] {
        try await dispositions(
            DispositionSQL.ofAccountRegion, [accountRegion.stored, last?.subject ?? "", limit], limit: limit)
    }

    /// Lists the dispositions that are due.
    package func dueDispositions(by time: Timestamp, limit: Int) async throws(StoreError) -> [Disposition] {
        try await dispositions(DispositionSQL.due, [time.milliseconds, limit], limit: limit)
    }

    /// Deletes dispositions that are no longer needed and concern no finding in the ledger, a thousand in a
    /// transaction.
    package func purgeDispositions(by time: Timestamp) async throws(StoreError) -> Int {
        try await deleteInSteps { db, limit in
            try db.run(DispositionSQL.purge, [time.milliseconds, limit])
        }
    }

    /// Returns the newest applied audits of an account-Region.
    package func appliedAudits(of accountRegion: AccountRegion) async throws(StoreError) -> [String: AppliedAudit] {
        try await read { db in
            var marks: [String: AppliedAudit] = [:]
            for row in try db.rows(AppliedAuditSQL.ofAccountRegion, [accountRegion.stored]) {
                let mark = try AppliedAudit(row, of: accountRegion)
                marks[mark.check] = mark
            }
            return marks
        }
    }

    private func dispositions(
        _ sql: SQLStatement, _ arguments: SQLiteArguments, limit: Int
    ) async throws(StoreError) -> [Disposition] {
        try Limits.check(limit: limit)
        return try await read { db in
            try db.rows(sql, arguments).map { try Disposition($0) }
        }
    }

    static func write(_ disposition: Disposition, by sql: SQLStatement, in db: Database) throws {
        try db.run(
            sql,
            [
                disposition.subject, disposition.accountRegion.stored, disposition.time.milliseconds,
                disposition.dueAt?.milliseconds, disposition.keepUntil?.milliseconds,
                disposition.content,
            ])
    }

    static func write(_ mark: AppliedAudit, by sql: SQLStatement, in db: Database) throws {
        try db.run(
            sql,
            [
                mark.accountRegion.stored, mark.check, mark.startTime.milliseconds, mark.taskID,
            ])
    }
}
