/// The result of one check of an audit.
package struct CheckResult: Sendable, Hashable {
    /// The check's status: `AuditCheckRunStatus` of the AWS IoT API.
    package enum Status: Sendable, Hashable {
        /// Still running.
        case inProgress
        /// Waiting for the connection data of the past day.
        case waitingForDataCollection
        /// Canceled by a user.
        case canceled
        /// Completed; no resource failed, not counting suppressed ones.
        case completedCompliant
        /// Completed; some resources failed.
        case completedNonCompliant
        /// Could not run.
        case failed
        /// An undocumented status, which says nothing about any resource.
        case other(String)

        /// Whether the check evaluated all resources, so that a resource without a finding has passed.
        package var isComplete: Bool { self == .completedCompliant || self == .completedNonCompliant }

        /// Whether the status is final.
        package var isEnded: Bool { isComplete || self == .failed || self == .canceled }

        /// The documented statuses.
        package static let documented: [Status] = [
            .inProgress, .waitingForDataCollection, .canceled, .completedCompliant, .completedNonCompliant, .failed,
        ]

        /// The status for a value of the AWS IoT API.
        init(_ word: String) { self = Self.documented.first { $0.word == word } ?? .other(word) }

        /// The value in the AWS IoT API.
        package var word: String {
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
    package let check: AuditCheck
    /// The check's status.
    package let status: Status
    /// The number of non-compliant resources.
    package let nonCompliantResources: Int64?
    /// The number of suppressed non-compliant resources.
    package let suppressedNonCompliantResources: Int64?
    /// The number of evaluated resources.
    package let totalResources: Int64?
    /// Why the check could not run, for example `INSUFFICIENT_PERMISSIONS`.
    package let errorCode: String?
    /// The error message, at most 2048 characters.
    package let message: String?

    /// The maximum number of checks in one audit; AWS has 17.
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
