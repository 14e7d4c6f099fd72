package import AWSCore
import DeviceDefender
package import Encoding

/// A Security Hub finding, with the used subset of the AWS Security Finding Format (ASFF).
///
/// A finding always keeps within the limits of the format: texts are truncated at character boundaries, and never
/// blank.
package struct SecurityFinding: Sendable, Hashable {
    /// Whether a finding is active.
    package enum RecordState: String, Sendable, Hashable, CaseIterable {
        /// The problem exists.
        case active = "ACTIVE"
        /// The problem is resolved or suppressed.
        case archived = "ARCHIVED"
    }

    /// The severity of a finding.
    package struct Severity: Sendable, Hashable {
        /// Security Hub's severity labels.
        package enum Label: String, Sendable, Hashable, CaseIterable {
            /// Needs no action.
            case informational = "INFORMATIONAL"
            /// Needs no action on its own.
            case low = "LOW"
            /// Needs action, but not urgently.
            case medium = "MEDIUM"
            /// Needs action with priority.
            case high = "HIGH"
            /// Needs immediate action.
            case critical = "CRITICAL"
        }

        /// The label.
        package let label: Label
        /// The source's severity that the label is derived from, 1 to 64 characters.
        package let original: String
    }

    /// The remediation of a finding.
    package struct Remediation: Sendable, Hashable {
        /// The recommendation, 1 to 512 characters.
        package let text: String
        /// The page for the remediation, if there is one.
        package let url: String?
    }

    /// A resource of a finding.
    package struct Resource: Sendable, Hashable {
        /// The ASFF resource type.
        package let type: String
        /// The ARN if one can be formed, otherwise the name; 1 to 512 characters.
        package let id: String
        /// `Details.Other`: at most 50 entries of fewer than 128 and 1024 characters.
        package let details: TextMap
    }

    /// `ProductFields.ProviderName`.
    package static let providerName = "IoTDeviceDefender"
    /// `ProductFields.ProviderVersion`: the version of this mapping. AWS's sample was 1.0.
    package static let providerVersion = "2.0"

    /// The ID, stable for the same problem; see ``FindingID``.
    package let id: String
    /// The account and Region of the finding.
    package let accountRegion: AccountRegion
    /// The generator ID, 1 to 512 characters: a scheduled audit's ARN, or a security profile and a behavior.
    package let generatorID: String
    /// The finding types, each of one to three parts separated by slashes.
    package let types: [String]
    /// The severity.
    package let severity: Severity
    /// The title, 1 to 256 characters.
    package let title: String
    /// The description, 1 to 1024 characters.
    package let description: String
    /// The page about the problem, if there is one.
    package let sourceURL: String?
    /// The remediation, if one is known.
    package let remediation: Remediation?
    /// The resource that the problem is about.
    package let resource: Resource
    /// Further resources that the problem concerns, at most 31.
    package let otherResources: [Resource]
    /// The product fields: at most 50 entries, keys of 128 and values of 2048 characters.
    package internal(set) var productFields: TextMap
    /// The names of the product and the company; absent ones are those of Security Hub.
    var names: ProductNames
    /// The user-defined fields with which Security Hub creates the finding, or that it has.
    package var userDefinedFields: TextMap
    /// When the finding was created. Security Hub requires the same value in every update.
    package var createdAt: Timestamp
    /// When the finding last changed. Security Hub ignores an update that is not newer than the previous one.
    package var updatedAt: Timestamp
    /// When the problem was first observed.
    package var firstObservedAt: Timestamp
    /// When the problem was last observed.
    package var lastObservedAt: Timestamp
    /// The record state.
    package var recordState: RecordState
}

extension SecurityFinding.Severity.Label: Comparable {
    /// Whether a severity is lower than another one.
    package static func < (first: Self, second: Self) -> Bool { first.rank < second.rank }

    private var rank: Int {
        switch self {
        case .informational: 0
        case .low: 1
        case .medium: 2
        case .high: 3
        case .critical: 4
        }
    }
}

extension SecurityFinding {
    /// The product ARN for importing findings of an account and Region: the account's default product.
    package static func productARN(accountRegion: AccountRegion) -> String {
        ARN(service: "securityhub", accountRegion: accountRegion, resource: "product/\(accountRegion.account)/default")
            .description
    }

    /// Sets whether the finding is suppressed in the product fields, as Device Defender's own integration does.
    package mutating func setSuppressed(_ isSuppressed: Bool) {
        let text = isSuppressed ? "true" : "false"
        // Setting it copies the map.
        if productFields["IsSuppressed"] != text { productFields.set("IsSuppressed", to: text) }
    }

    /// The name of the thing that an alarm is about; nil for other findings.
    package var thingName: String? {
        isFromAudit || productFields[AlarmFields.eventTypeKey] == nil ? nil : resource.details["ThingName"]
    }

    /// Marks the alarm as cleared in the finding's product fields.
    package mutating func setCleared() {
        productFields.set(AlarmFields.eventTypeKey, to: Alarm.EventType.cleared.rawValue)
    }

    /// Whether the finding comes from an audit, rather than from a detect alarm.
    package var isFromAudit: Bool { FindingID.isAudit(id, accountRegion: accountRegion) }
}
