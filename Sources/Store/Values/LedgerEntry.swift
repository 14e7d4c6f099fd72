package import AWSCore
package import Encoding

/// The ledger's record of one finding in Security Hub.
package struct LedgerEntry: Sendable, Hashable {
    /// What a finding represents.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A noncompliant resource of an audit check.
        case audit
        /// A Device Defender detect alarm.
        case violation
        /// The result of one check of one audit.
        case summary
        /// An item of a mapped source.
        case mapped
    }

    /// The state of the problem, as last reported by Device Defender or a mapped source.
    package enum Condition: String, Sendable, Hashable, CaseIterable {
        /// It exists.
        case present
        /// It exists, and its audit reports it as suppressed.
        case suppressed
        /// It no longer exists: fixed, cleared or invalidated.
        case over
    }

    /// ASFF's `RecordState`.
    package enum RecordState: String, Sendable, Hashable, CaseIterable {
        /// Active.
        case active
        /// Archived: the problem is over, or a disposition says that it does not count.
        case archived
    }

    /// ASFF's `Severity.Label`.
    package enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Must be remediated immediately.
        case critical = "CRITICAL"
        /// Must be remediated as a priority.
        case high = "HIGH"
        /// Must be remediated, but not urgently.
        case medium = "MEDIUM"
        /// Needs no action on its own.
        case low = "LOW"
        /// No problem was found.
        case informational = "INFORMATIONAL"
    }

    /// The finding's ASFF `Id`: 1 to 2,048 bytes of UTF-8 without NUL.
    package let id: String
    /// The account-Region whose Security Hub contains it.
    package let accountRegion: AccountRegion
    /// What it represents.
    package let kind: Kind
    /// The name of the check, of security profile and behavior, or of the mapped source and the group in it: 1 to 2,048
    /// bytes of UTF-8 without NUL. Findings are looked up by it.
    package let group: String
    /// The subject of dispositions about the finding, see ``Disposition/subject``: 1 to 2,048 bytes of UTF-8 without
    /// NUL.
    package let subject: String
    /// The finding's `CreatedAt`.
    package let createdAt: Timestamp
    /// The finding's `UpdatedAt` as last sent, or about to be sent. The next one must be later.
    package let updatedAt: Timestamp
    /// The time of the newest applied event, audit or report; the earliest time for a report of a mapped
    /// source that states none.
    package let eventTime: Timestamp
    /// The finding's `FirstObservedAt`.
    package let firstObservedAt: Timestamp
    /// When the problem was last observed. Can be later than the finding's `LastObservedAt` as last sent.
    package let lastObservedAt: Timestamp
    /// The state of the problem as of that event or audit.
    package let condition: Condition
    /// The intended record state in Security Hub.
    package let recordState: RecordState
    /// The severity as last sent, or about to be sent; nil in entries of earlier versions, which did not record it.
    package let severity: Severity?
    /// The finding as ASFF JSON, as it would be sent again. Differs from what was last sent only in insignificant
    /// fields.
    package let finding: [UInt8]
    /// The SHA-256 digest of what the source reported, if the finding's state follows from that alone: an equal report
    /// changes nothing. nil if the next report must be evaluated. Counts only while the entry is sent.
    package var digest: [UInt8]?
    /// The reports of a mapped finding; nil for other kinds.
    package var report: SourceReport?
    /// Whether Security Hub confirmed this state. An entry is written before its finding is sent, so a crash in between
    /// leaves it false: Security Hub may or may not have it.
    package var isSent: Bool

    /// Creates a value. The texts are validated when it is recorded.
    package init(
        id: String, accountRegion: AccountRegion, kind: Kind, group: String, subject: String, createdAt: Timestamp,
        updatedAt: Timestamp,
        eventTime: Timestamp, firstObservedAt: Timestamp, lastObservedAt: Timestamp, condition: Condition,
        recordState: RecordState, severity: Severity?, finding: [UInt8], digest: [UInt8]? = nil,
        report: SourceReport? = nil, isSent: Bool
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.kind = kind
        self.group = group
        self.subject = subject
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.eventTime = eventTime
        self.firstObservedAt = firstObservedAt
        self.lastObservedAt = lastObservedAt
        self.condition = condition
        self.recordState = recordState
        self.severity = severity
        self.finding = finding
        self.digest = digest
        self.report = report
        self.isSent = isSent
    }
}
