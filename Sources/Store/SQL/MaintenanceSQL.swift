/// The statements about the store as a whole.
package enum MaintenanceSQL {
    package static let queued = """
        SELECT state, COUNT(*), MIN(received_at) FROM delivery WHERE ready_at IS NOT NULL GROUP BY state
        """
    package static let completed = "SELECT COUNT(*) FROM delivery WHERE completed_at IS NOT NULL"
    package static let dead = "SELECT COUNT(*) FROM delivery WHERE state = 'dead'"
    package static let active = "SELECT COUNT(*) FROM ledger WHERE record_state = 'active'"
    package static let archived = "SELECT COUNT(*) FROM ledger WHERE record_state = 'archived'"
    package static let unsentActive = "SELECT COUNT(*) FROM ledger WHERE is_sent = 0 AND record_state = 'active'"
    package static let unsent = "SELECT COUNT(*) FROM ledger WHERE is_sent = 0"
    package static let probe = "INSERT INTO probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = writes + 1"
}
