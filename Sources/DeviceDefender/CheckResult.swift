/// What one check of an audit came to.
public struct CheckResult: Sendable, Hashable {
    /// How far the check has come: `AuditCheckRunStatus` of the AWS IoT API.
    public enum Status: Sendable, Hashable {
        /// Still running.
        case inProgress
        /// Waiting for data of the connections of the past day.
        case waitingForDataCollection
        /// Stopped by somebody.
        case canceled
        /// Ended; no resource failed it, suppressed ones not counted.
        case completedCompliant
        /// Ended; some resources failed it.
        case completedNonCompliant
        /// Could not be carried out.
        case failed
        /// A word that was not documented when this was written: says nothing about any resource.
        case other(String)

        /// Whether the check looked at all resources, so that one without a finding has passed.
        public var isComplete: Bool { self == .completedCompliant || self == .completedNonCompliant }

        /// Whether the check will come to nothing else any more.
        public var isEnded: Bool { isComplete || self == .failed || self == .canceled }

        /// The documented states.
        public static let documented: [Status] = [
            .inProgress, .waitingForDataCollection, .canceled, .completedCompliant, .completedNonCompliant, .failed,
        ]

        /// The state that a word of the AWS IoT API names.
        init(_ word: String) { self = Self.documented.first { $0.word == word } ?? .other(word) }

        /// The word of the AWS IoT API.
        public var word: String {
            switch self {
            case .inProgress: "IN_PROGRESS"
            case .waitingForDataCollection: "WAITING_FOR_DATA_COLLECTION"
            case .canceled: "CANCELED"
            case .completedCompliant: "COMPLETED_COMPLIANT"
            case .completedNonCompliant: "COMPLETED_NON_COMPLIANT"
            case .failed: "FAILED"
            case .other(let word): word
            }
        }
    }

    /// The check.
    public let check: AuditCheck
    /// How far it has come.
    public let status: Status
    /// How many resources failed it.
    public let nonCompliantResources: Int64?
    /// How many of those are suppressed.
    public let suppressedNonCompliantResources: Int64?
    /// How many resources were looked at.
    public let totalResources: Int64?
    /// Why the check could not be carried out, for example `INSUFFICIENT_PERMISSIONS`.
    public let errorCode: String?
    /// The same in words, at most 2048 characters.
    public let message: String?

    /// The most checks that one audit may have; AWS has 17.
    static let maximumChecks = 256

    init(name: String, _ fields: Fields) throws(UnrecognizedMessageError) {
        guard let check = AuditCheck(name: name) else {
            throw UnrecognizedMessageError(reason: "auditDetails: the name of a check is malformed")
        }
        self.check = check
        status = Status(try fields.name("checkRunStatus", limit: 128))
        nonCompliantResources = fields.count("nonCompliantResourcesCount")
        suppressedNonCompliantResources = fields.count("suppressedNonCompliantResourcesCount")
        totalResources = fields.count("totalResourcesCount")
        errorCode = fields.text("errorCode", limit: 128)
        message = fields.text("message", limit: 2048)
    }
}
