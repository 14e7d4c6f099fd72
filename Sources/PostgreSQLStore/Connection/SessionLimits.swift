import Encoding
import Store

/// The time limits of a database session. All are shorter than the lifetime of a heartbeat, so that no lock and no
/// transaction of a disconnected replica outlives its heartbeat.
struct SessionLimits: Sendable {
    /// The time limit of a statement.
    let statement: Duration
    /// The time limit of waiting for a lock.
    let lock: Duration
    /// The time limit of an idle transaction.
    let idle: Duration

    /// The limits of statements that read whole tables.
    static let long = SessionLimits(statement: .seconds(40), lock: .seconds(10), idle: .seconds(60))

    /// The limits of migrations: an index over millions of rows takes longer than any other statement may.
    static let migration = SessionLimits(statement: .seconds(6 * 3600), lock: .seconds(10), idle: .seconds(60))

    /// The limits of a copy of the store, whose source is locked by one transaction. Neither serves a bridge.
    static let copy = SessionLimits(statement: .seconds(600), lock: .seconds(10), idle: .seconds(3600))

    init(statement: Duration, lock: Duration, idle: Duration) {
        (self.statement, self.lock, self.idle) = (statement, lock, idle)
    }

    /// - Parameter lifetime: the lifetime of a heartbeat. A statement and the wait for the next one together take less.
    ///   Only lifetimes in tests are so short that the minimum limits are longer.
    init(lifetime: Duration) {
        self.init(
            statement: max(lifetime * 0.5, .seconds(5)), lock: max(lifetime * 0.3, .seconds(3)),
            idle: max(lifetime * 0.4, .seconds(2)))
    }

    /// How long this process waits for a statement. It closes the connection before the database ends the statement: a
    /// commit that waits for a standby would otherwise be acknowledged without it (PostgreSQL documentation, section
    /// 27.2.8).
    var timeout: Duration { statement * 0.9 }

    /// The statements that set the limits. The settings that detect dead connections are applied as far as the server
    /// has them.
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
