import AWSCore

/// How long the database lets a session of this process go on without hearing from it. All are shorter than a sign of
/// life, so that no lock and no transaction of a replica that is cut off outlives it.
struct SessionLimits: Sendable {
    /// How long one statement may take.
    let statement: Duration
    /// How long one statement may wait for a lock.
    let lock: Duration
    /// How long a transaction may wait for its next statement.
    let idle: Duration

    /// What reads of everything may take.
    static let long = SessionLimits(statement: .seconds(40), lock: .seconds(10), idle: .seconds(60))

    /// What changing the tables may take: an index over millions of rows takes longer than any other statement may.
    static let migration = SessionLimits(statement: .seconds(6 * 3600), lock: .seconds(10), idle: .seconds(60))

    init(statement: Duration, lock: Duration, idle: Duration) {
        (self.statement, self.lock, self.idle) = (statement, lock, idle)
    }

    /// - Parameter lifetime: how long a sign of life counts. A statement and the wait for the next one together take
    ///   less; only lifetimes of tests are so short that the least limits are longer.
    init(lifetime: Duration) {
        self.init(
            statement: max(lifetime * 0.5, .seconds(5)), lock: max(lifetime * 0.3, .seconds(3)),
            idle: max(lifetime * 0.4, .seconds(2)))
    }

    /// How long this process waits for a statement. It ends the connection before the database ends the statement: a commit
    /// that waits for a standby would then count as done without it (PostgreSQL documentation, section 27.2.8).
    var timeout: Duration { statement * 0.9 }

    /// Sets the limits of a session. How a dead connection is noticed is set as far as the server knows the settings.
    var sql: String {
        """
        SET statement_timeout = \(statement.milliseconds); SET lock_timeout = \(lock.milliseconds);
        SET idle_in_transaction_session_timeout = \(idle.milliseconds);
        SELECT set_config(name, value, false)
        FROM (VALUES ('tcp_keepalives_idle', '3'), ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '3'),
            ('tcp_user_timeout', '6000')) AS given (name, value)
        WHERE given.name IN (SELECT pg_settings.name FROM pg_settings)
        """
    }
}
