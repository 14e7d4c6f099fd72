/// The names of the migration steps that both engines have, as recorded in the store. Released names never change.
package enum MigrationStep {
    package static let queue = "create the work queue"
    package static let ledger = "create the ledger"
    package static let probe = "create the readiness probe"
    package static let subscription = "create the subscriptions"
    package static let catchUp = "create the watermarks of catching up"
    package static let pause = "create the pauses"
    package static let status = "keep severities, finished audits and last deliveries"
    package static let clock = "keep what is known of the clock"
    package static let deadLetter = "count dead letters by source and topic"
    package static let completion = "record when audits completed checks"

    /// The latest recorded time.
    package static let newest = """
        SELECT MAX(time) AS newest FROM (
            SELECT MAX(completed_at) AS time FROM delivery WHERE completed_at IS NOT NULL
            UNION ALL SELECT MAX(received_at) FROM last_delivery
            UNION ALL SELECT MAX(last_failed_at) FROM delivery WHERE state = 'dead') AS times
        """
}
