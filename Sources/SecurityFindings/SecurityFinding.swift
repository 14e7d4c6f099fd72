public import AWSCore
public import DeviceDefender
public import JSON

/// A finding for Security Hub, in the AWS Security Finding Format (ASFF) as far as it is used here.
///
/// Whatever it is made from, a finding keeps within all limits of the format: texts are cut between characters, and
/// none is blank.
public struct SecurityFinding: Sendable, Hashable {
    /// Whether a finding is current.
    public enum RecordState: String, Sendable, Hashable, CaseIterable {
        /// The problem is there.
        case active = "ACTIVE"
        /// The problem is gone, or does not count.
        case archived = "ARCHIVED"
    }

    /// How grave a finding is.
    public struct Severity: Sendable, Hashable {
        /// Security Hub's grades.
        public enum Label: String, Sendable, Hashable, CaseIterable {
            /// Needs no action.
            case informational = "INFORMATIONAL"
            /// Needs no action on its own.
            case low = "LOW"
            /// Needs action, not at once.
            case medium = "MEDIUM"
            /// Needs action before others.
            case high = "HIGH"
            /// Needs action at once.
            case critical = "CRITICAL"
        }

        /// The grade.
        public let label: Label
        /// The word that the grade comes from, 1 to 64 characters.
        public let original: String
    }

    /// What to do about a finding.
    public struct Remediation: Sendable, Hashable {
        /// In words, 1 to 512 characters.
        public let text: String
        /// The console's page to do it on.
        public let url: String
    }

    /// What a finding is about.
    public struct Resource: Sendable, Hashable {
        /// The ASFF's type of resource.
        public let type: String
        /// The ARN where one can be formed, else the name; 1 to 512 characters.
        public let id: String
        /// `Details.Other`: at most 50 entries of fewer than 128 and 1024 characters.
        public let details: [UTF8Text: String]
    }

    /// `ProductFields.ProviderName`.
    public static let providerName = "IoTDeviceDefender"
    /// `ProductFields.ProviderVersion`: the version of this mapping. AWS's sample was 1.0.
    public static let providerVersion = "2.0"

    /// The id, which the same problem always has; see ``FindingID``.
    public let id: String
    /// The account and Region whose Security Hub the finding belongs to.
    public let accountRegion: AccountRegion
    /// What found it, 1 to 512 characters: a scheduled audit's ARN, or a security profile and a behavior.
    public let generatorID: String
    /// The types, each of one to three parts with slashes between.
    public let types: [String]
    /// How grave it is.
    public let severity: Severity
    /// The problem in a few words, 1 to 256 characters.
    public let title: String
    /// The problem, 1 to 1024 characters.
    public let description: String
    /// The console's page about it.
    public let sourceURL: String
    /// What to do about it.
    public let remediation: Remediation
    /// What it is about.
    public let resource: Resource
    /// More about it: at most 50 entries of 128 and 2048 characters.
    public internal(set) var productFields: [UTF8Text: String]
    /// When the finding was made. Security Hub wants the same in every update.
    public var createdAt: Timestamp
    /// When the finding last changed. Security Hub ignores an update that is not later than the one before.
    public var updatedAt: Timestamp
    /// When the problem was first seen.
    public var firstObservedAt: Timestamp
    /// When the problem was last seen.
    public var lastObservedAt: Timestamp
    /// Whether the problem is there.
    public var recordState: RecordState
}

extension SecurityFinding {
    /// The ARN of the product that findings of an account and Region are imported for: the account's own.
    public static func productARN(accountRegion: AccountRegion) -> String {
        ARN(service: "securityhub", accountRegion: accountRegion, resource: "product/\(accountRegion.account)/default")
            .description
    }

    /// Says in the product fields whether the finding is suppressed, as Device Defender's own integration does.
    public mutating func setSuppressed(_ isSuppressed: Bool) {
        productFields["IsSuppressed"] = isSuppressed ? "true" : "false"
    }

    /// Says that the alarm has ended, in the finding's product fields.
    public mutating func setCleared() { productFields[AlarmFields.eventTypeKey] = Alarm.EventType.cleared.rawValue }

    /// Whether the finding comes from an audit, rather than from a detect alarm.
    public var isFromAudit: Bool { FindingID.isAudit(id, accountRegion: accountRegion) }
}
