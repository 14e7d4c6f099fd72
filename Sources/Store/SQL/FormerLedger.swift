/// The table in which earlier versions kept findings, and whose rows are moved when the store is opened.
package enum FormerLedger {
    /// The columns of a row.
    package static let columns = """
        id, origin, kind, group_key, subject, created_at, updated_at, event_time, first_observed_at, last_observed_at,
        condition, record_state, severity, finding, is_sent
        """

    /// The number of rows that one transaction moves.
    package static let batchSize = 1000
    /// The number of rows after which progress is reported.
    package static let reportedRows = 10_000

    /// What precedes the severity in a finding. All occurrences are followed by the same label, and no text contains
    /// it: quotation marks in texts are escaped.
    private static let beforeLabel = Array(#""Severity":{"Label":""#.utf8)

    /// The severity in a finding as ASFF JSON; nil if there is none.
    static func severity(of finding: [UInt8]) -> LedgerEntry.Severity? {
        guard let start = finding.firstRange(of: beforeLabel)?.upperBound else { return nil }
        let label = finding[start...].prefix { $0 != UInt8(ascii: "\"") }
        return LedgerEntry.Severity(rawValue: String(decoding: label, as: UTF8.self))
    }
}

extension LedgerEntry {
    /// Reads a row of the former table. Early versions did not record the severity: it is read from the finding.
    package init(former row: some StoredRow) throws {
        let finding = try row.bytes("finding")
        self.init(
            id: try row.text("id"), accountRegion: try row.accountRegion("origin"), kind: try row.value("kind"),
            group: try row.text("group_key"), subject: try row.text("subject"),
            createdAt: try row.timestamp("created_at"), updatedAt: try row.timestamp("updated_at"),
            eventTime: try row.timestamp("event_time"), firstObservedAt: try row.timestamp("first_observed_at"),
            lastObservedAt: try row.timestamp("last_observed_at"), condition: try row.value("condition"),
            recordState: try row.value("record_state"),
            severity: try row.optionalValue("severity") ?? FormerLedger.severity(of: finding), finding: finding,
            isSent: try row.flag("is_sent"))
        try Limits.check([self])
    }
}
