package import AWSCore
import DeviceDefender
package import Encoding
import JSON

/// The content of a finding, before the limits of the format are applied.
package struct FindingDraft {
    /// A recommendation with a page about it.
    package struct Remediation {
        var text: String
        var url: String?

        /// Makes a remediation.
        package init(text: String, url: String?) {
            self.text = text
            self.url = url
        }
    }

    /// A resource.
    package struct Resource {
        var type: String
        var id: String
        /// The most important first: entries after the 50th are dropped.
        var details: [(key: String, value: String)]

        /// Makes a resource.
        package init(type: String, id: String, details: [(key: String, value: String)]) {
            self.type = type
            self.id = id
            self.details = details
        }
    }

    var id: String
    var accountRegion: AccountRegion
    var generatorID: String
    var types: [String]
    var severity: SecurityFinding.Severity.Label
    var originalSeverity: String
    var title: String
    var description: String
    var sourceURL: String?
    var remediation: Remediation?
    var resource: Resource
    /// Resources after the 31st are dropped.
    var otherResources: [Resource]
    /// The most important first: entries after the 50th are dropped.
    var productFields: [(key: String, value: String)]
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var firstObservedAt: Timestamp
    var lastObservedAt: Timestamp
    var recordState: SecurityFinding.RecordState

    /// Makes a draft.
    package init(
        id: String, accountRegion: AccountRegion, generatorID: String, types: [String],
        severity: SecurityFinding.Severity.Label, originalSeverity: String, title: String, description: String,
        sourceURL: String?, remediation: Remediation?, resource: Resource, otherResources: [Resource] = [],
        productFields: [(key: String, value: String)], createdAt: Timestamp, updatedAt: Timestamp,
        firstObservedAt: Timestamp, lastObservedAt: Timestamp, recordState: SecurityFinding.RecordState
    ) {
        self.id = id
        self.accountRegion = accountRegion
        self.generatorID = generatorID
        self.types = types
        self.severity = severity
        self.originalSeverity = originalSeverity
        self.title = title
        self.description = description
        self.sourceURL = sourceURL
        self.remediation = remediation
        self.resource = resource
        self.otherResources = otherResources
        self.productFields = productFields
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.firstObservedAt = firstObservedAt
        self.lastObservedAt = lastObservedAt
        self.recordState = recordState
    }
}

extension SecurityFinding {
    /// Makes a finding within the limits of the format.
    package init(_ draft: FindingDraft) {
        var valueLimit = FindingLimits.productFieldValue
        self.init(draft, valueLimit: valueLimit)
        // Only findings with non-ASCII text in nearly every field get here; two characters per value fit with one
        // resource.
        var draft = draft
        while mayBeTooLong, serialized().count > FindingLimits.bytes, valueLimit > 2 || !draft.otherResources.isEmpty {
            if valueLimit > 2 {
                valueLimit /= 2
            } else {
                draft.otherResources.removeLast(draft.otherResources.count / 2 + 1)
            }
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
        sourceURL = draft.sourceURL.flatMap { FindingText.bounded($0, to: FindingLimits.url) }
        remediation = draft.remediation.map { remediation in
            Remediation(
                text: FindingText.required(remediation.text, to: FindingLimits.remediationText),
                url: remediation.url.flatMap { FindingText.bounded($0, to: FindingLimits.url) })
        }
        resource = Resource(draft.resource, valueLimit: valueLimit)
        otherResources = draft.otherResources.prefix(FindingLimits.resources - 1).map {
            Resource($0, valueLimit: valueLimit)
        }
        productFields = FindingText.boundedMap(
            draft.productFields, keyLimit: FindingLimits.productFieldKey, valueLimit: valueLimit)
        names = .none
        userDefinedFields = TextMap()
        createdAt = draft.createdAt
        updatedAt = draft.updatedAt
        firstObservedAt = draft.firstObservedAt
        lastObservedAt = draft.lastObservedAt
        recordState = draft.recordState
    }

    /// Whether the finding's JSON may exceed the limit. Cheaper than writing it, and almost always false.
    private var mayBeTooLong: Bool {
        let texts = [
            id, generatorID, title, description, sourceURL ?? "", remediation?.text ?? "", remediation?.url ?? "",
        ]
        // Types occur twice in the JSON.
        let length =
            texts.reduce(0) { $0 + $1.utf8.count } + 2 * types.reduce(0) { $0 + $1.utf8.count + 3 }
            + resource.writtenLength + otherResources.reduce(0) { $0 + $1.writtenLength } + productFields.writtenLength
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

extension SecurityFinding.Resource {
    fileprivate init(_ draft: FindingDraft.Resource, valueLimit: Int) {
        type = FindingText.required(draft.type, to: FindingLimits.resourceType)
        id = FindingText.required(draft.id, to: FindingLimits.resourceID)
        details = FindingText.boundedMap(
            draft.details, keyLimit: FindingLimits.detailKey, valueLimit: min(valueLimit, FindingLimits.detailValue))
    }

    /// The length in JSON if nothing needs escapes, in bytes, at most.
    fileprivate var writtenLength: Int { type.utf8.count + id.utf8.count + details.writtenLength + 128 }
}
