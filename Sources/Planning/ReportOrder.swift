package import Encoding
import Store

/// The place of a report among those of its source: by the time that it states, then by the order in which the store
/// accepted the deliveries. No clock of the bridge decides.
package struct ReportOrder: Sendable, Hashable {
    /// When the reported state changed; nil if the source does not say. The reports of one source all have a time, or
    /// none has one.
    package let time: Timestamp?
    /// The position of the delivery in the queue.
    package let sequence: Int64

    /// Creates a value.
    package init(time: Timestamp?, sequence: Int64) {
        self.time = time
        self.sequence = sequence
    }

    /// Whether the report counts rather than another one.
    package func isNewer(than other: ReportOrder) -> Bool {
        if let time, let otherTime = other.time, time != otherTime { return time > otherTime }
        return sequence > other.sequence
    }
}

extension ReportOrder {
    /// The order of the report that decided the state of a mapped finding; nil for other kinds.
    init?(of known: LedgerEntry) {
        guard let report = known.report else { return nil }
        self.init(time: known.eventTime == .earliest ? nil : known.eventTime, sequence: report.sequence)
    }
}
