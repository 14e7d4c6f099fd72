/// The statements about the completeness of the ledger.
package enum RebuildingSQL {
    package static let accountRegions = "SELECT origin FROM ledger_origin ORDER BY origin"
    package static let finish = "INSERT INTO ledger_origin (origin, completed_at) VALUES (?, ?) ON CONFLICT (origin) DO NOTHING"
    package static let unfinish = "DELETE FROM ledger_origin WHERE origin = ?"
    package static let clearMarks = "DELETE FROM audit_mark WHERE origin = ?"
    package static let clear = """
        DELETE FROM ledger WHERE rowid IN (SELECT rowid FROM ledger WHERE origin = ? LIMIT ?)
        """
}
