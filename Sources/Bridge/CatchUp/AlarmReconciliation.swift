import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store

/// What of that which Device Defender tells of alarms is not known yet. Pure functions.
enum AlarmReconciliation {
    /// How old what is listed is taken to be, in milliseconds: an event of the last minute may tell of something that a
    /// list does not show yet, and clocks differ.
    static let margin: Int64 = 60_000
    /// How long an alarm's finding is left alone that no list shows, in milliseconds. Device Defender evaluates behaviors
    /// every five minutes.
    static let timeout: Int64 = 600_000

    /// One element of a list, with what it is.
    struct Listed: Sendable {
        let alarm: Alarm
        let task: CatchUpTask
        /// The id of the alarm's finding.
        let findingID: String

        /// Reads an element of the answer to `ListViolationEvents`.
        init(violationEvent json: JSON, accountRegion: AccountRegion) throws(UnrecognizedMessageError) {
            self.init(try Alarm(violationEvent: json), .violationEvent(json), accountRegion)
        }

        /// Reads an element of the answer to `ListActiveViolations`.
        init(activeViolation json: JSON, accountRegion: AccountRegion) throws(UnrecognizedMessageError) {
            self.init(try Alarm(activeViolation: json), .activeViolation(json), accountRegion)
        }

        private init(_ alarm: Alarm, _ task: CatchUpTask, _ accountRegion: AccountRegion) {
            self.alarm = alarm
            self.task = task
            findingID = FindingID.violation(id: alarm.violationID, accountRegion: accountRegion)
        }
    }

    /// Whether something that happened to an alarm must still be worked on. What Device Defender keeps from SNS is no
    /// alarm for anybody.
    static func isMissed(_ listed: Listed, known: LedgerEntry?) -> Bool {
        guard listed.alarm.behavior.suppressAlerts != true else { return false }
        return known.map { $0.eventTime < listed.alarm.time.milliseconds } ?? true
    }

    /// What somebody found out about a raised alarm, if that is not known yet.
    static func missedVerification(_ listed: Listed, known: Disposition?, asOf: Timestamp) -> CatchUpTask? {
        guard listed.alarm.behavior.suppressAlerts != true, let state = listed.alarm.verificationState else {
            return nil
        }
        let known = known.flatMap { VerificationDisposition($0) }
        // Nobody judges an alarm before it is raised.
        let time = max(asOf, listed.alarm.time)
        guard state != known?.verification.state ?? .unknown, known.map({ $0.time < time }) ?? true else { return nil }
        return .verification(
            violationID: listed.alarm.violationID,
            Verification(state: state, note: listed.alarm.verificationStateDescription), asOf: time)
    }

    /// Whether an alarm has ended that nobody told the end of.
    ///
    /// - Parameters:
    ///   - isListed: whether the list of raised alarms has it.
    ///   - listedAt: when the list was asked for.
    static func isOver(_ known: LedgerEntry, isListed: Bool, listedAt: Timestamp) -> Bool {
        !isListed && known.condition == .present
            && known.eventTime < listedAt.milliseconds.saturatingSubtracting(timeout)
    }
}
