import AWSCore
package import Encoding
import JSON
import SecurityFindings
package import Store

/// The last item that archived all findings of a group. It is stored as a disposition of the group, so that an older
/// item that is processed later does not make a finding active again.
package struct GroupArchival: Sendable, Hashable {
    /// What is archived, see ``subject(of:in:)``.
    package let subject: String
    /// The order of the item.
    package let order: ReportOrder

    /// How long it is kept if the group has no finding in the ledger: as long as a delivery is retried.
    private static let retention = Duration.seconds(90 * 86_400)

    /// Creates a value.
    package init(subject: String, order: ReportOrder) {
        self.subject = subject
        self.order = order
    }

    /// The subject of dispositions about a group of a source. Not an ID of a finding.
    package static func subject(of group: String, in lane: DeliveryLane) -> String {
        FindingID.cut("group:\(lane)/\(group)")
    }

    /// The group of the ledger for findings of a source: its name, and the group in it.
    package static func ledgerGroup(of group: String?, source: String) -> String {
        group.map { FindingID.cut("\(source)/\($0)") } ?? source
    }

    /// Whether it counts rather than another one of the same group.
    package func isNewer(than other: GroupArchival?) -> Bool { other.map { order.isNewer(than: $0.order) } ?? true }
}

extension GroupArchival {
    private static let (sequenceKey, timeKey) = ("archivedBySequence", "statedAt")

    /// Parses a stored disposition; nil if it is of another kind.
    package init?(_ disposition: Disposition) {
        guard let json = try? JSON(parsing: disposition.content), let sequence = json[Self.sequenceKey]?.integer else {
            return nil
        }
        let time = json[Self.timeKey]?.integer.map { Timestamp(milliseconds: $0) }
        self.init(subject: disposition.subject, order: ReportOrder(time: time, sequence: sequence))
    }

    /// The form for the store.
    ///
    /// - Parameter now: the present time.
    package func disposition(in lane: DeliveryLane, now: Timestamp) -> Disposition {
        var content: JSON.Members = [UTF8Text(Self.sequenceKey): .integer(order.sequence)]
        content[Self.timeKey] = order.time.map { .integer($0.milliseconds) }
        return Disposition(
            subject: subject, accountRegion: lane.accountRegion, time: order.time ?? .earliest, dueAt: nil,
            keepUntil: now + Self.retention, content: JSON.object(content).serialized())
    }
}
