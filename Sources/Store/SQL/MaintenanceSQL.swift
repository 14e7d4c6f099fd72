/// The statements that count what a store contains.
package enum MaintenanceSQL {
    /// The number of completed deliveries.
    package static let completed = "SELECT COUNT(*) AS count FROM delivery WHERE completed_at IS NOT NULL"
    /// The number of dead letters.
    package static let dead = "SELECT COUNT(*) AS count FROM delivery WHERE state = 'dead'"
}
