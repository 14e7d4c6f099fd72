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

    /// Whether a finding is current, as ASFF's `RecordState` says it.
    public enum RecordState: String, Sendable, Hashable, CaseIterable {
        /// Current.
        case active
        /// Fixed, cleared, or otherwise over.
        case archived
    }

    /// The finding's `Id`: 1 to 2,048 bytes of UTF-8 without NUL.
    public let id: String
    /// The account and Region whose Security Hub has it.
    public let origin: Origin
    /// What it stands for.
    public let kind: Kind
    /// What it is looked up by together with others: the name of the check, or of profile and behavior; 1 to 2,048
    /// bytes of UTF-8 without NUL.
    public let group: String
    /// The finding's `CreatedAt`.
    public let createdAt: Int64
    /// The finding's `UpdatedAt` as last sent; the next one must be later.
    public let updatedAt: Int64
    /// The time of the newest event that was applied.
    public let eventTime: Int64
    /// The finding's `FirstObservedAt`.
    public let firstObservedAt: Int64
    /// The finding's `LastObservedAt`.
    public let lastObservedAt: Int64
    /// Whether it is current.
    public let recordState: RecordState
    /// The finding's ASFF JSON as last sent.
    public let finding: [UInt8]

    /// Puts the parts together; whether the texts are well formed is checked when the entry is recorded.
    public init(
        id: String, origin: Origin, kind: Kind, group: String, createdAt: Int64, updatedAt: Int64, eventTime: Int64,
        firstObservedAt: Int64, lastObservedAt: Int64, recordState: RecordState, finding: [UInt8]
    ) {
        self.id = id
        self.origin = origin
        self.kind = kind
        self.group = group
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.eventTime = eventTime
        self.firstObservedAt = firstObservedAt
        self.lastObservedAt = lastObservedAt
        self.recordState = recordState
        self.finding = finding
    }
}
