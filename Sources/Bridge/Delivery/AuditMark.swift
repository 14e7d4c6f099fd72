import AWSCore
import DeviceDefender
import Store

/// When the newest audit began whose outcome for a check was applied in full.
///
/// An older audit may be told of later. What it found and the newer one did not is gone, though the ledger may never
/// have heard of it: so the ledger remembers the audit itself, in an entry that stands for no finding.
struct AuditMark: Sendable, Hashable {
    let check: String
    let origin: Origin

    /// The entry's id, which no finding has.
    var id: String {
        ARN(service: "iot-device-defender", origin: origin, resource: "audits/newest/\(check)").description
    }

    /// The entry for an audit that began at a time.
    func entry(startTime: Timestamp) -> LedgerEntry {
        let time = startTime.milliseconds
        return LedgerEntry(
            id: id, origin: origin, kind: .summary, group: check, createdAt: time, updatedAt: time, eventTime: time,
            firstObservedAt: time, lastObservedAt: time, recordState: .archived, finding: [])
    }
}
