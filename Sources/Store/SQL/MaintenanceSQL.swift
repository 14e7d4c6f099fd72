/// The statements that count what a store contains.
package enum MaintenanceSQL {
    /// The number of completed deliveries.
    package static let completed = "SELECT COUNT(*) AS count FROM delivery WHERE completed_at IS NOT NULL"
    /// The number of dead letters.
    package static let dead = "SELECT COUNT(*) AS count FROM delivery WHERE state = 'dead'"
    /// The number of active findings, sent or not.
    package static let active = "SELECT COUNT(*) AS count FROM ledger WHERE record_state = 'active'"
    /// The number of archived findings, sent or not.
    package static let archived = "SELECT COUNT(*) AS count FROM ledger WHERE record_state = 'archived'"
    /// The number of findings that were not sent.
    package static let unsent = "SELECT COUNT(*) AS count FROM ledger WHERE is_sent = 0"
    /// The number of active findings that were not sent.
    package static let unsentActive = """
        SELECT COUNT(*) AS count FROM ledger WHERE is_sent = 0 AND record_state = 'active'
        """
}
