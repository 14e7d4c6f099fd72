import AWSCore
import DeviceDefender
import Encoding
import JSON

/// The content of a finding, before the limits of the format are applied.
struct FindingDraft {
    var id: String
    var accountRegion: AccountRegion
    var generatorID: String
    var types: [String]
    var severity: SecurityFinding.Severity.Label
    var originalSeverity: String
    var title: String
    var description: String
    var sourceURL: String
    var remediationText: String
    var remediationURL: String
    var resourceType: String
    var resourceID: String
    /// The most important first: entries after the 50th are dropped.
    var details: [(key: String, value: String)]
    /// The most important first: entries after the 50th are dropped.
    var productFields: [(key: String, value: String)]
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var firstObservedAt: Timestamp
    var lastObservedAt: Timestamp
    var recordState: SecurityFinding.RecordState
}

extension SecurityFinding {
    /// Makes a finding within the limits of the format.
    init(_ draft: FindingDraft) {
        var valueLimit = FindingLimits.productFieldValue
        self.init(draft, valueLimit: valueLimit)
        // Only findings with non-ASCII text in nearly every field get here; two characters per value always fit.
        while mayBeTooLong, serialized().count > FindingLimits.bytes, valueLimit > 2 {
            valueLimit /= 2
            self.init(draft, valueLimit: valueLimit)
        }
    }

    /// - Parameter valueLimit: the maximum length of values in the maps, if their own limit is not lower.
    private init(_ draft: FindingDraft, valueLimit: Int) {
        id = FindingText.required(draft.id, to: FindingLimits.id)
        accountRegion = draft.accountRegion
        generatorID = FindingText.required(draft.generatorID, to: FindingLimits.generatorID)
        types = Array(draft.types.compactMap(Self.type).prefix(FindingLimits.types))
        severity = Severity(
            label: draft.severity,
            original: FindingText.bounded(draft.originalSeverity, to: FindingLimits.originalSeverity)
                ?? draft.severity.rawValue)
        title = FindingText.required(draft.title, to: FindingLimits.title)
        description = FindingText.required(draft.description, to: FindingLimits.description)
        sourceURL = FindingText.required(draft.sourceURL, to: FindingLimits.url)
        remediation = Remediation(
            text: FindingText.required(draft.remediationText, to: FindingLimits.remediationText),
            url: FindingText.required(draft.remediationURL, to: FindingLimits.url))
        resource = Resource(
            type: FindingText.required(draft.resourceType, to: FindingLimits.resourceType),
            id: FindingText.required(draft.resourceID, to: FindingLimits.resourceID),
            details: FindingText.boundedMap(
                draft.details, keyLimit: FindingLimits.detailKey, valueLimit: min(valueLimit, FindingLimits.detailValue)
            ))
        productFields = FindingText.boundedMap(
            draft.productFields, keyLimit: FindingLimits.productFieldKey, valueLimit: valueLimit)
        createdAt = draft.createdAt
        updatedAt = draft.updatedAt
        firstObservedAt = draft.firstObservedAt
        lastObservedAt = draft.lastObservedAt
        recordState = draft.recordState
    }

    /// Whether the finding's JSON may exceed the limit. Cheaper than writing it, and almost always false.
    private var mayBeTooLong: Bool {
        let texts = [id, generatorID, title, description, sourceURL, remediation.text, remediation.url, resource.id]
        // Types occur twice in the JSON.
        let length =
            texts.reduce(0) { $0 + $1.utf8.count } + 2 * types.reduce(0) { $0 + $1.utf8.count + 3 }
            + resource.details.writtenLength + productFields.writtenLength
        let rest = 4096
        // Escaping at most doubles the remaining characters.
        return 2 * length + rest > FindingLimits.bytes
    }

    /// A valid type of one to three parts separated by slashes; nil otherwise.
    private static func type(_ text: String) -> String? {
        guard let type = FindingText.bounded(text, to: FindingLimits.type) else { return nil }
        var slashes = 0
        var previous = UInt8(ascii: "/")
        for byte in type.utf8 {
            if byte == UInt8(ascii: "/") {
                guard previous != byte else { return nil }
                slashes += 1
            }
            previous = byte
        }
        return slashes < 3 && previous != UInt8(ascii: "/") ? type : nil
    }
}
