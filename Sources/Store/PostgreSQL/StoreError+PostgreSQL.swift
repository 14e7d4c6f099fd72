/// Why a statement or a connection of PostgreSQL failed.
struct PostgreSQLError: Error, Sendable {
    /// The five characters by which PostgreSQL names what went wrong (PostgreSQL documentation, appendix A); nil if the
    /// server said nothing.
    let state: String?
    /// The server's or the library's words; they hold no value of a statement.
    let message: String
    /// Whether the connection has to go, too. Whether the statement took effect is not known then.
    let isConnectionLost: Bool

    init(state: String?, message: String) {
        self.state = state
        self.message = message
        isConnectionLost = state.map { Self.lostStates.contains($0) || $0.hasPrefix("08") } ?? true
    }

    /// A connection that is gone.
    init(lost message: String) { self.init(state: nil, message: message) }

    /// The server ends its connections; or it has become a standby, and the primary is elsewhere.
    private static let lostStates: Set = ["57P01", "57P02", "57P03", "57P05", "25006", "25P03"]

    /// Whether it is known that nothing happened and the same can work at once: transactions were in each other's way.
    var isTransient: Bool { state == "40001" || state == "40P01" }

    /// Whether it is known that nothing happened, and another server may do it.
    var isRejection: Bool { state == "25006" }
}

extension StoreError {
    /// What a failure of PostgreSQL means to the caller.
    init(_ failure: PostgreSQLError) {
        let words = failure.message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingPrefix { $0.isWhitespace } }.joined(separator: "; ")
        guard let state = failure.state else {
            self.init(
                .unavailable,
                "The database cannot be reached; the store goes on by itself when it can. PostgreSQL: \(words)")
            return
        }
        let cause = "PostgreSQL: \(words) (\(state))."
        switch (state.prefix(2), state) {
        case (_, "53100"):
            self.init(
                .unavailable, "The database's disk is full. Free space; the store goes on by itself then. \(cause)")
        case (_, "25006"):
            self.init(
                .unavailable,
                "The database takes no writes. Name its primary in the store's URL, or all hosts. \(cause)")
        case (_, "42501"):
            self.init(.unavailable, "The role lacks a right. Grant it as README says. \(cause)")
        case ("28", _), ("3D", _):
            self.init(
                .unavailable, "The database refuses the connection. Check role, password and database. \(cause)")
        // Statements of one session end up in several.
        case (_, "26000"), (_, "42P05"): self.init(.unsupported, "\(PoolerCheck.rejection) \(cause)")
        case _ where words.contains("statement pooling mode"):
            self.init(.unsupported, "\(PoolerCheck.rejection) \(cause)")
        case (_, "55000") where words.contains("encoding"), (_, "22P05"):
            self.init(.unsupported, "The database cannot hold every text. Create it with the encoding UTF8. \(cause)")
        case ("XX", "XX001"), ("XX", "XX002"):
            self.init(.corrupt, "The database is damaged. Restore it from a backup. \(cause)")
        case ("08", _), ("53", _), ("57", _), ("58", _), ("40", _), (_, "55P03"), ("25", _):
            self.init(.unavailable, "The database cannot do it now; the store tries on by itself. \(cause)")
        default: self.init(.defect, "The database refused a statement. Report this. \(cause)")
        }
    }

    /// What a failure inside the store means to the caller.
    init(postgreSQL error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as PostgreSQLError: self.init(error)
        default: self.init(.defect, "The store failed in an unforeseen way (\(type(of: error))). Report this.")
        }
    }
}
