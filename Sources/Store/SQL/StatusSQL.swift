package import Encoding

/// The statements about the history of findings and the last deliveries of topics.
package enum StatusSQL {
    static let columns = "at, critical, high, medium, low, informational, unsent, pending, dead"

    /// The newest points of a series.
    package static let history = SQLStatement(
        "SELECT \(columns) FROM finding_history WHERE series = :series ORDER BY at DESC LIMIT :limit")

    /// Adds a point unless there is one.
    package static let addPoint = SQLStatement(
        """
        INSERT INTO finding_history (series, \(columns)) VALUES (:series, :at, :critical, :high, :medium, :low,
            :informational, :unsent, :pending, :dead)
        ON CONFLICT (series, at) DO NOTHING
        """)

    /// Deletes the points of a series outside of a time span.
    package static let trim = SQLStatement(
        "DELETE FROM finding_history WHERE series = :series AND (at < :oldest OR at > :newest)")

    /// When deliveries of topics last arrived.
    package static let topicDeliveries = SQLStatement("SELECT topic, received_at FROM topic_delivery")

    private static let keepLatest = ArrivalSQL.keepLatest(in: "topic_delivery", by: "topic")

    /// Records when deliveries of topics arrived.
    package static let noteTopicDelivery = SQLStatement(
        sqlite: "INSERT INTO topic_delivery (topic, received_at) VALUES (?1, ?2) \(keepLatest)",
        postgreSQL: "INSERT INTO topic_delivery (topic, received_at) SELECT * FROM unnest($1, $2) \(keepLatest)")
}

extension HistoryPoint {
    /// Reads a point.
    package init(_ row: some StoredRow) throws {
        var open: [LedgerEntry.Severity: Int] = [:]
        for severity in LedgerEntry.Severity.allCases { open[severity] = try row.count(severity.column) }
        self.init(
            at: try row.timestamp("at"), open: open, unsent: try row.count("unsent"),
            pending: try row.count("pending"), dead: try row.count("dead"))
    }

    /// The counts in the order of the columns.
    package var counts: [Int] {
        let severities: [LedgerEntry.Severity] = [.critical, .high, .medium, .low, .informational]
        return severities.map { open[$0] ?? 0 } + [unsent, pending, dead]
    }

    /// The times between which the points of a series are kept when this one is added.
    package func kept(in series: Series) -> (oldest: Timestamp, newest: Timestamp) {
        (at - series.length, at + series.step)
    }
}

extension LedgerEntry.Severity {
    /// The column that counts the findings of this severity.
    fileprivate var column: String { rawValue.lowercased() }
}
