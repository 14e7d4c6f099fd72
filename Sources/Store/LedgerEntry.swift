public import AWSCore

/// What the ledger knows of one finding that was sent to Security Hub.
///
/// All times are milliseconds since 1970.
public struct LedgerEntry: Sendable, Hashable {
    /// What a finding stands for.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A resource that does not comply with an audit check.
        case audit
        /// A detect alarm.
        case violation
        /// The outcome of one check of one audit.
        case summary
    }

    /// What Device Defender last said of the problem.
    public enum Condition: String, Sendable, Hashable, CaseIterable {
        /// It is there.
        case present
        /// It is there, and its audit says that it was suppressed.
        case suppressed
        /// It is gone: fixed, cleared, invalidated.
        case over
    }

    /// Whether a finding is current, as ASFF's `RecordState` says it.
    public enum RecordState: String, Sendable, Hashable, CaseIterable {
        /// Current.
        case active
        /// Over, or judged not to count.
        case archived
    }

    /// How grave a finding is: ASFF's `Severity.Label`.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        /// Needs action at once.
        case critical = "CRITICAL"
        /// Needs action before others.
        case high = "HIGH"
        /// Needs action, not at once.
        case medium = "MEDIUM"
        /// Needs no action on its own.
        case low = "LOW"
        /// Needs no action.
        case informational = "INFORMATIONAL"
    }

    /// The finding's `Id`: 1 to 2,048 bytes of UTF-8 without NUL.
    public let id: String
    /// The account and Region whose Security Hub has it.
    public let accountRegion: AccountRegion
    /// What it stands for.
    public let kind: Kind
    /// What it is looked up by together with others: the name of the check, or of profile and behavior; 1 to 2,048
    /// bytes of UTF-8 without NUL.
    public let group: String
    /// What people judge when they judge the finding, see ``Judgement/subject``; 1 to 2,048 bytes of UTF-8 without NUL.
    public let subject: String
    /// The finding's `CreatedAt`.
    public let createdAt: Int64
    /// The finding's `UpdatedAt` as last sent, or about to be; the next one must be later.
    public let updatedAt: Int64
    /// The time of the newest event or audit that was applied.
    public let eventTime: Int64
    /// The finding's `FirstObservedAt`.
    public let firstObservedAt: Int64
    /// When the problem was last seen, which may be later than the finding's `LastObservedAt` as last sent.
    public let lastObservedAt: Int64
    /// What that event or audit said.
    public let condition: Condition
    /// Whether Security Hub is to have it as current.
    public let recordState: RecordState
    /// How grave it is as last sent, or about to be; nil if an earlier version wrote the entry, which did not keep it.
    public let severity: Severity?
    /// The finding's ASFF JSON as it would be sent again: it differs from what was last sent in nothing that matters.
    public let finding: [UInt8]
    /// Whether Security Hub is known to have it so. An entry is kept before its finding is sent: a bridge that dies
    /// meanwhile must not take it for what Security Hub has, nor forget that it may be there.
    public var isSent: Bool

    /// Puts the parts together; whether the texts are well formed is checked when the entry is recorded.
    public init(
        id: String, accountRegion: AccountRegion, kind: Kind, group: String, subject: String, createdAt: Int64,
        updatedAt: Int64,
        eventTime: Int64, firstObservedAt: Int64, lastObservedAt: Int64, condition: Condition,
        recordState: RecordState, severity: Severity?, finding: [UInt8], isSent: Bool
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
        self.isSent = isSent
    }
}
