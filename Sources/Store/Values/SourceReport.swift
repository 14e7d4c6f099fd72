package import Encoding

/// What the ledger knows about the reports of a mapped finding.
package struct SourceReport: Sendable, Hashable {
    /// The name of the source.
    package let source: String
    /// When the store accepted the last report of the finding, whether or not it changed anything.
    package var lastReportedAt: Timestamp
    /// The position in the queue of the report that decided the state of the finding. Of two reports without different
    /// times of their own, the one that was accepted later counts.
    package var sequence: Int64

    /// Creates a value.
    package init(source: String, lastReportedAt: Timestamp, sequence: Int64) {
        self.source = source
        self.lastReportedAt = lastReportedAt
        self.sequence = sequence
    }
}
