/// The statements that count what a store contains.
package enum MaintenanceSQL {
    package static let completed = "SELECT COUNT(*) AS count FROM delivery WHERE completed_at IS NOT NULL"
    package static let dead = "SELECT COUNT(*) AS count FROM delivery WHERE state = 'dead'"
    package static let active = "SELECT COUNT(*) AS count FROM ledger WHERE record_state = 'active'"
    package static let archived = "SELECT COUNT(*) AS count FROM ledger WHERE record_state = 'archived'"
    package static let unsent = "SELECT COUNT(*) AS count FROM ledger WHERE is_sent = 0"
    package static let unsentActive = """
        SELECT COUNT(*) AS count FROM ledger WHERE is_sent = 0 AND record_state = 'active'
        """
}
