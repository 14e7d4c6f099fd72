import AWSCore
package import Encoding
package import JSON
import SecurityFindings
package import SourceMapping
package import Store

/// Compares the alarms that Amazon CloudWatch lists with the findings of their mapped source. A pure value, except that it
/// is filled page by page.
///
/// An alarm that is in ALARM and not in the ledger was missed: its event is queued like one that arrived. A finding whose
/// alarm or contributor is not in ALARM is over: it is archived, unless it was reported after the list was requested. The
/// order of deliveries in the queue decides that, and no clock.
package struct AlarmSourceReconciliation: Sendable {
    /// An alarm or contributor that is in ALARM.
    package struct Listed: Sendable {
        /// The event that reports it.
        package let event: JSON
        /// The id of its finding.
        package let findingID: String
        /// When it went into ALARM; nil if CloudWatch does not say.
        package let time: Timestamp?
    }

    /// How often a finding that is still in ALARM counts as reported.
    private static let reportInterval = Duration.seconds(86_400)

    private let lane: DeliveryLane
    private let source: String
    private let mapping: Mapping
    private let alarms: AlarmSource
    private let receivedAt: Timestamp
    /// Hashes of the ids of findings that are in ALARM, so that a long list uses little memory.
    private var active: Set<Int> = []
    /// Hashes of the subjects of alarms whose contributors are not known.
    private var unknown: Set<Int> = []

    /// - Parameters:
    ///   - lane: of a source.
    ///   - receivedAt: when the list is read.
    package init(_ alarms: AlarmSource, mapping: Mapping, in lane: DeliveryLane, receivedAt: Timestamp) {
        self.lane = lane
        source = lane.source ?? ""
        self.mapping = mapping
        self.alarms = alarms
        self.receivedAt = receivedAt
    }

    /// Adds an alarm.
    ///
    /// - Parameter contributors: those that are in ALARM; none unless ``CloudWatchAlarm/contributors`` is `listed`.
    /// - Returns: what belongs to the source and is in ALARM.
    package mutating func add(_ alarm: CloudWatchAlarm, contributors: [JSON]) -> [Listed] {
        var events: [JSON] = []
        switch alarm.contributors {
        case .none: break
        case .unknown: keep(alarm)
        case .listed(let isComplete):
            if !isComplete { keep(alarm) }
            for contributor in contributors {
                guard let event = alarm.event(of: contributor, in: lane.accountRegion) else {
                    keep(alarm)
                    continue
                }
                events.append(event)
            }
        }
        if alarm.isRaised { events.append(alarm.event(in: lane.accountRegion)) }
        return events.compactMap { add($0, of: alarm) }
    }

    private mutating func add(_ event: JSON, of alarm: CloudWatchAlarm) -> Listed? {
        let context = ItemContext(
            source: source, accountRegion: lane.accountRegion, receivedAt: receivedAt, severities: alarms.severities)
        guard case .finding(let found)? = try? mapping.outcome(of: alarms.prepared(event), in: context) else {
            keep(alarm)
            return nil
        }
        active.insert(found.finding.id.hashValue)
        guard alarms.accepts(event, of: alarm) else { return nil }
        return Listed(event: event, findingID: found.finding.id, time: found.time.timestamp)
    }

    /// The findings of an alarm keep their state.
    private mutating func keep(_ alarm: CloudWatchAlarm) {
        unknown.insert(GroupArchival.subject(of: alarm.name, in: lane).hashValue)
    }

    /// Whether an event was missed, or is old enough to count as reported again.
    ///
    /// - Parameters:
    ///   - known: the ledger entry of its finding; nil if there is none.
    ///   - expireAfter: when a finding that is not reported expires; nil for never.
    package static func isMissed(
        _ listed: Listed, known: LedgerEntry?, expireAfter: Duration?, now: Timestamp
    ) -> Bool {
        guard let known, let report = known.report else { return true }
        if known.condition == .over {
            // An end that arrived after the list was read is newer.
            return listed.time.map { $0 >= known.eventTime } ?? true
        }
        if let time = listed.time, time > known.eventTime { return true }
        let interval = min(expireAfter.map { $0 / 4 } ?? reportInterval, reportInterval)
        return now - report.lastReportedAt >= interval
    }

    /// Plans the archival of a finding that is not in ALARM; nil if nothing changes. The next report makes it active
    /// again, even one with the same time.
    ///
    /// - Parameter sequence: the position in the queue of the delivery after whose acceptance the list was requested.
    package func end(_ known: LedgerEntry, listedAfter sequence: Int64, now: Timestamp) -> Change? {
        guard let report = known.report, report.source == source, report.sequence < sequence,
            !active.contains(known.id.hashValue), !unknown.contains(known.subject.hashValue)
        else { return nil }
        return MappedPlanner.end(known, now: now)
    }
}
