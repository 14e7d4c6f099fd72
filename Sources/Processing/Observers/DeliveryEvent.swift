package import AWSCore
package import Encoding
import SecurityFindings
package import Store

/// Outcome of processing a delivery, for the event list of the status page.
package struct DeliveryEvent: Sendable, Hashable {
    /// The outcome. The raw values are those of `outcome` in status.json.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// At least one finding is new in Security Hub.
        case imported
        /// Findings were updated.
        case updated
        /// Findings were archived.
        case archived
        /// Workflow status or note of findings was updated.
        case workflowUpdated = "workflow_updated"
        /// Security Hub already had the findings in this state, or there are none.
        case unchanged
        /// A filter keeps the findings out of Security Hub.
        case filtered
        /// The delivery concerns no finding.
        case ignored
        /// It failed, and a retry is scheduled.
        case retried
        /// It failed permanently and is a dead letter.
        case dead
    }

    /// Time of the outcome.
    package let at: Timestamp
    /// The delivery's id.
    package let id: String
    /// The account and Region of the delivery.
    package let accountRegion: AccountRegion
    /// What the delivery is about.
    package let subject: DeliverySubject
    /// The outcome.
    package let outcome: Outcome
    /// Number of findings sent to Security Hub.
    package let findings: Int
    /// The finding, if the delivery concerns exactly one.
    package let findingID: String?
    /// The most severe finding that was sent, or that the delivery is about; nil if there is none.
    package let severity: LedgerEntry.Severity?
    /// The mapped source; `audit` or `detect` for Device Defender; nil if the delivery is about neither.
    package let source: String?
    /// Time from accepting the delivery to the outcome.
    package let duration: Duration

    /// The finding in the Security Hub console; nil if there is no finding, or it may not be in Security Hub.
    package var consoleURL: String? {
        switch outcome {
        case .imported, .updated, .archived, .workflowUpdated, .unchanged:
            findingID.map { ConsolePage.finding(id: $0, accountRegion: accountRegion) }
        case .filtered, .ignored, .retried, .dead: nil
        }
    }

    /// Creates an event.
    package init(
        at: Timestamp, id: String, accountRegion: AccountRegion, subject: DeliverySubject, outcome: Outcome,
        findings: Int, findingID: String?, severity: LedgerEntry.Severity?, source: String?, duration: Duration
    ) {
        self.at = at
        self.id = id
        self.accountRegion = accountRegion
        self.subject = subject
        self.outcome = outcome
        self.findings = findings
        self.findingID = findingID
        self.severity = severity
        self.source = source
        self.duration = duration
    }
}
