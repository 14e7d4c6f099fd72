/// The statements of the verification. Those about rows return the position of a row and its name first.
package enum VerificationSQL {
    package static let deliveries = """
        SELECT sequence, id, origin, source, state, ready_at, attempts, lease_number, lease_owner, first_failed_at,
            last_failed_at, reason, bookmark, completed_at, length(bytes)
        FROM delivery LEFT JOIN payload USING (sequence) WHERE sequence > ? ORDER BY sequence LIMIT ?
        """
    package static let orphans = "SELECT COUNT(*) FROM payload WHERE sequence NOT IN (SELECT sequence FROM delivery)"
    package static let ledger = "SELECT rowid, id, \(LedgerSQL.columns) FROM ledger WHERE rowid > ? ORDER BY rowid LIMIT ?"
    package static let dispositions = """
        SELECT rowid, subject, \(DispositionSQL.columns) FROM judgement WHERE rowid > ? ORDER BY rowid LIMIT ?
        """
    package static let marks = "SELECT 0, check_name, origin FROM audit_mark"
    package static let completeAccountRegions = "SELECT 0, origin, origin FROM ledger_origin"
    package static let watermarks = "SELECT 0, origin, origin FROM catch_up"
    package static let audits = "SELECT 0, origin, \(ArrivalSQL.auditColumns) FROM finished_audit"
    package static let completions = "SELECT 0, check_name, \(CompletionSQL.columns) FROM check_completion"
    package static let coverages = "SELECT 0, origin, origin FROM audit_coverage"
    package static let lastDeliveries = "SELECT 0, origin, origin FROM last_delivery"
    package static let subscriptions = "SELECT 0, topic, \(SubscriptionSQL.columns) FROM subscription"
    package static let pauses = "SELECT 0, account, \(PauseSQL.columns) FROM pause"
    package static let clock = "SELECT 0, 'clock', \(ClockSQL.columns) FROM clock_mark"
    package static let schema = """
        SELECT type || ' ' || name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
        """
}
