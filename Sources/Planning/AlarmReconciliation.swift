package import AWSCore
package import DeviceDefender
package import Encoding
package import JSON
import SecurityFindings
package import Store

/// Compares the alarms that Device Defender lists with the ledger. Pure functions.
package enum AlarmReconciliation {
    /// How old a list counts as: an event of the last minute may not be reflected in the list yet, and
    /// clocks differ.
    package static let margin = Duration.seconds(60)
    /// The age at which an alarm that is not listed counts as ended. Device Defender evaluates
    /// behaviors every five minutes.
    static let unlistedTimeout = Duration.seconds(600)

    /// An element of a list, as an alarm and as a task.
    package struct Listed: Sendable {
        /// The element as an alarm.
        package let alarm: Alarm
        /// The task that processes the alarm if it was missed.
        package let task: InternalTask
        /// The id of the alarm's finding.
        package let findingID: String

        /// Parses an element of the response to `ListViolationEvents`.
        package init(violationEvent json: JSON, accountRegion: AccountRegion) throws(UnrecognizedMessageError) {
            self.init(try Alarm(violationEvent: json), .violationEvent(json), accountRegion)
        }

        /// Parses an element of the response to `ListActiveViolations`.
        package init(activeViolation json: JSON, accountRegion: AccountRegion) throws(UnrecognizedMessageError) {
            self.init(try Alarm(activeViolation: json), .activeViolation(json), accountRegion)
        }

        private init(_ alarm: Alarm, _ task: InternalTask, _ accountRegion: AccountRegion) {
            self.alarm = alarm
            self.task = task
            findingID = FindingID.violation(id: alarm.violationID, accountRegion: accountRegion)
        }
    }

    /// Whether the ledger lacks an event of an alarm. Alarms that are suppressed in the security profile are ignored,
    /// as SNS does not receive them.
    package static func isMissed(_ listed: Listed, known: LedgerEntry?) -> Bool {
        guard listed.alarm.behavior.suppressAlerts != true else { return false }
        return known.map { $0.eventTime < listed.alarm.time } ?? true
    }

    /// The verification of a raised alarm, if it differs from the known one.
    package static func missedVerification(_ listed: Listed, known: Disposition?, asOf: Timestamp) -> InternalTask? {
        guard listed.alarm.behavior.suppressAlerts != true, let state = listed.alarm.verificationState else {
            return nil
        }
        let known = known.flatMap { VerificationDisposition($0) }
        // An alarm is not verified before it is raised.
        let time = max(asOf, listed.alarm.time)
        guard state != known?.verification.state ?? .unknown, known.map({ $0.time < time }) ?? true else { return nil }
        return .verification(
            violationID: listed.alarm.violationID,
            Verification(state: state, note: listed.alarm.verificationStateDescription), asOf: time)
    }

    /// Whether an alarm has ended without an event.
    ///
    /// - Parameters:
    ///   - isListed: whether the list of raised alarms contains it.
    ///   - listedAt: when the list was requested.
    package static func isOver(_ known: LedgerEntry, isListed: Bool, listedAt: Timestamp) -> Bool {
        !isListed && known.condition == .present
            && known.eventTime < listedAt - unlistedTimeout
    }
}
