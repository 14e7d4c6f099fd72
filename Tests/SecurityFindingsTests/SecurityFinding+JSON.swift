import AWSCore
import Encoding
import JSON

@testable import SecurityFindings

extension SecurityFinding {
    /// The finding as a tree, made independently of ``serialized()``.
    var json: JSON {
        var members: JSON.Members = [
            "SchemaVersion": "2018-10-08",
            "Id": .string(id),
            "ProductArn": .string(Self.productARN(accountRegion: accountRegion)),
            "GeneratorId": .string(generatorID),
            "AwsAccountId": .string(accountRegion.account.digits),
            "CreatedAt": .string(createdAt.iso8601),
            "UpdatedAt": .string(updatedAt.iso8601),
            "FirstObservedAt": .string(firstObservedAt.iso8601),
            "LastObservedAt": .string(lastObservedAt.iso8601),
            "Severity": severityJSON,
            "FindingProviderFields": .object(classification.merging(["Severity": severityJSON]) { _, last in last }),
            "Title": .string(title),
            "Description": .string(description),
            "Resources": .array(([resource] + otherResources).map(json)),
            "RecordState": .string(recordState.rawValue),
        ]
        if let sourceURL { members["SourceUrl"] = .string(sourceURL) }
        if let remediation {
            var recommendation: JSON.Members = ["Text": .string(remediation.text)]
            if let url = remediation.url { recommendation["Url"] = .string(url) }
            members["Remediation"] = ["Recommendation": .object(recommendation)]
        }
        members.merge(classification) { _, last in last }
        if !productFields.isEmpty { members["ProductFields"] = JSON(productFields) }
        if isFromAudit, recordState == .active { members["Compliance"] = ["Status": "FAILED"] }
        return .object(members)
    }

    private var classification: JSON.Members {
        types.isEmpty ? [:] : ["Types": .array(types.map(JSON.string))]
    }

    private var severityJSON: JSON {
        ["Label": .string(severity.label.rawValue), "Original": .string(severity.original)]
    }

    private func json(_ resource: Resource) -> JSON {
        var members: JSON.Members = [
            "Type": .string(resource.type),
            "Id": .string(resource.id),
        ]
        if let partition = accountRegion.partition.formatWord { members["Partition"] = .string(partition) }
        if accountRegion.region.name.utf8.count <= FindingLimits.region {
            members["Region"] = .string(accountRegion.region.name)
        }
        if !resource.details.isEmpty {
            members["Details"] = ["Other": JSON(resource.details)]
        }
        return .object(members)
    }
}

extension JSON {
    fileprivate init(_ map: TextMap) {
        self.init(texts: Dictionary(map.entries.map { ($0.key.string, $0.value) }) { $1 })
    }
}

extension Partition {
    fileprivate var formatWord: String? {
        switch self {
        case .aws, .awsCN, .awsUSGov: rawValue
        case .awsISO: "aws-us-iso"
        case .awsISOB: "aws-us-iso-b"
        case .awsEUSC, .awsISOE, .awsISOF: nil
        }
    }
}
