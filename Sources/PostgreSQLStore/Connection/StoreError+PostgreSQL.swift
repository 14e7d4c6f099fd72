import Store

/// A failed statement or connection of PostgreSQL.
struct PostgreSQLError: Error, Sendable {
    /// The SQLSTATE (PostgreSQL documentation, appendix A); nil if the server did not report an error.
    let state: String?
    /// The message of the server or of libpq. Contains no values of the statement.
    let message: String
    /// Whether the connection is lost, too. Then the statement may have taken effect.
    let isConnectionLost: Bool

    init(state: String?, message: String) {
        self.state = state
        self.message = message
        isConnectionLost = state.map { Self.lostStates.contains($0) || $0.hasPrefix("08") } ?? true
    }

    /// A lost connection.
    init(lost message: String) { self.init(state: nil, message: message) }

    /// The server is closing connections, or has become a standby.
    private static let lostStates: Set = ["57P01", "57P02", "57P03", "57P05", "25006", "25P03"]

    /// Whether nothing happened and an immediate retry can succeed: a serialization failure or a deadlock.
    var isTransient: Bool { state == "40001" || state == "40P01" }

    /// Whether nothing happened and another server may do it.
    var isRejection: Bool { state == "25006" }
}

extension StoreError {
    /// Converts a failure of PostgreSQL.
    init(_ failure: PostgreSQLError) {
        let words = failure.message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingPrefix { $0.isWhitespace } }.joined(separator: "; ")
        guard let state = failure.state else {
            self.init(
                .unavailable,
                "The database cannot be reached; the store reconnects automatically. PostgreSQL: \(words)")
            return
        }
        let cause = "PostgreSQL: \(words) (\(state))."
        switch (state.prefix(2), state) {
        case (_, "53100"):
            self.init(
                .unavailable, "The database's disk is full. Free disk space; the store recovers automatically. \(cause)"
            )
        case (_, "25006"):
            self.init(
                .unavailable,
                "The database is read-only. Put its primary, or all of its hosts, into store.url. \(cause)")
        case (_, "42501"):
            self.init(
                .unavailable,
                "The database role lacks a privilege. Grant it as described in deploy/docs/store.md. \(cause)")
        case ("28", _), ("3D", _):
            self.init(
                .unavailable, "The database refused the connection. Check role, password and database name. \(cause)")
        // The statements of one session are spread over several.
        case (_, "26000"), (_, "42P05"): self.init(.unsupported, "\(PoolerCheck.rejection) \(cause)")
        case _ where words.contains("statement pooling mode"):
            self.init(.unsupported, "\(PoolerCheck.rejection) \(cause)")
        case (_, "55000") where words.contains("encoding"), (_, "22P05"):
            self.init(
                .unsupported, "The database encoding is not UTF8. Create the database with encoding UTF8. \(cause)")
        case ("XX", "XX001"), ("XX", "XX002"):
            self.init(.corrupt, "The database is damaged. Restore it from a backup. \(cause)")
        case ("08", _), ("53", _), ("57", _), ("58", _), ("40", _), (_, "55P03"), ("25", _):
            self.init(
                .unavailable, "The database is temporarily unavailable; the store retries automatically. \(cause)")
        default: self.init(.defect, "The database rejected a statement. Report it. \(cause)")
        }
    }

    /// Converts any failure inside the store.
    init(postgreSQL error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as PostgreSQLError: self.init(error)
        default: self.init(.defect, "Unexpected store error (\(type(of: error))). Report it.")
        }
    }
}
