/// The names of the migration steps that both engines have, as recorded in the store. Released names never change.
package enum MigrationStep {
    /// Deliveries and their payloads.
    package static let queue = "create the work queue"
    /// Findings, dispositions and applied audits.
    package static let ledger = "create the ledger"
    /// The counter that a readiness check writes.
    package static let probe = "create the readiness probe"
    /// Subscriptions to topics.
    package static let subscription = "create the subscriptions"
    /// Catch-up watermarks.
    package static let catchUp = "create the watermarks of catching up"
    /// Pauses.
    package static let pause = "create the pauses"
    /// Severities, finished audits and last deliveries.
    package static let status = "keep severities, finished audits and last deliveries"
    /// The state of the clock.
    package static let clock = "keep what is known of the clock"
    /// Counters of dead letters by channel and topic.
    package static let deadLetter = "count dead letters by source and topic"
    /// Check completions and audit coverage.
    package static let completion = "record when audits completed checks"

    /// Narrow rows of findings, apart from their contents.
    package static let findings = "keep findings in narrow rows"
    /// The removal of the former table of findings, after its rows are moved.
    package static let movedLedger = "remove the former ledger"
    /// When the last outage ended.
    package static let outage = "record the end of outages"
    /// Counts of findings by kind and source.
    package static let findingSources = "count findings by kind and source"
    /// The history of findings, and the last deliveries of topics.
    package static let history = "keep a history of findings and last deliveries of topics"

    /// The latest recorded time.
    package static let newest = """
        SELECT MAX(time) AS newest FROM (
            SELECT MAX(completed_at) AS time FROM delivery WHERE completed_at IS NOT NULL
            UNION ALL SELECT MAX(received_at) FROM last_delivery
            UNION ALL SELECT MAX(last_failed_at) FROM delivery WHERE state = 'dead') AS times
        """
}
