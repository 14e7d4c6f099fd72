import AWSCore
import Encoding
import JSON

extension SecurityHubModel.Record {
    /// The members that a provider cannot change after creating a finding ("Using BatchImportFindings to create and
    /// update findings" in the AWS Security Hub User Guide).
    private static let customerMembers = [
        "Note", "UserDefinedFields", "VerificationState", "Workflow", "WorkflowState",
    ]
    /// The members that providers set in `FindingProviderFields`, and customers may override.
    private static let shared = ["Confidence", "Criticality", "RelatedFindings", "Severity", "Types"]

    /// Creates a finding, with the members that Security Hub adds.
    init(creating finding: JSON.Members, updatedAt: FindingTimestamp, accountRegion: AccountRegion, now: Int64) {
        members = Self.withProviderFields(finding)
        self.updatedAt = updatedAt
        for (name, value) in [
            "Region": JSON.string(accountRegion.region.name), "RecordState": "ACTIVE", "Workflow": ["Status": "NEW"],
            "WorkflowState": "NEW",
        ] where members[name] == nil { members[name] = value }
        complete(now: now)
    }

    /// Applies an update from the finding's provider, which replaces everything but the customers' members.
    mutating func update(with finding: JSON.Members, updatedAt: FindingTimestamp, now: Int64) {
        let old = members
        members = Self.withProviderFields(finding)
        self.updatedAt = updatedAt
        for name in Self.customerMembers + Array(customerFields) + ["Region", "CreatedAt"] { members[name] = old[name] }
        if finding["RecordState"] == nil { members["RecordState"] = "ACTIVE" }
        if old["RecordState"] == "ARCHIVED", members["RecordState"] == "ACTIVE" { reopen() }
        complete(now: now)
    }

    /// A finding that becomes active again is reopened: its workflow status returns to `NEW` if it was `NOTIFIED` or
    /// `RESOLVED`.
    private mutating func reopen() {
        switch members["Workflow"]?["Status"]?.string {
        case "NOTIFIED", "RESOLVED": members["Workflow"] = ["Status": "NEW"]
        default: break
        }
    }

    /// Makes the finding's members equal to `FindingProviderFields`, which have precedence.
    private static func withProviderFields(_ finding: JSON.Members) -> JSON.Members {
        var finding = finding
        var provided = finding["FindingProviderFields"]?.object ?? [:]
        for name in shared {
            if let value = provided[name] {
                finding[name] = value
            } else if let value = finding[name] {
                provided[name] = name == "Severity" ? providerSeverity(value) : value
            }
        }
        finding["FindingProviderFields"] = .object(provided)
        return finding
    }

    /// Adds the members that Security Hub derives.
    private mutating func complete(now: Int64) {
        if let severity = members["Severity"] { members["Severity"] = Self.completed(severity) }
        // A custom integration may set and change its names (AWS Security Hub User Guide, "ProductName").
        members["ProductName"] = members["ProductName"] ?? "Default"
        members["CompanyName"] = members["CompanyName"] ?? "Personal"
        var fields = members["ProductFields"]?.object ?? [:]
        let product = members["ProductArn"]?.string ?? ""
        fields["aws/securityhub/FindingId"] = .string("\(product)/\(members["Id"]?.string ?? "")")
        fields["aws/securityhub/ProductName"] = members["ProductName"]
        fields["aws/securityhub/CompanyName"] = members["CompanyName"]
        members["ProductFields"] = .object(fields)
        members["ProcessedAt"] = .string(Timestamp(milliseconds: now).iso8601)
    }

    /// The members of a severity in `FindingProviderFields`.
    private static func providerSeverity(_ severity: JSON) -> JSON {
        var members: JSON.Members = [:]
        if let label = FindingFormat.severityLabel(of: severity) { members["Label"] = .string(label) }
        if let original = severity["Original"] { members["Original"] = original }
        return .object(members)
    }

    static func completed(_ severity: JSON) -> JSON {
        guard var members = severity.object, let label = FindingFormat.severityLabel(of: severity) else {
            return severity
        }
        members["Label"] = .string(label)
        members["Normalized"] = members["Normalized"] ?? .integer(FindingFormat.normalizedSeverity(label))
        return .object(members)
    }

    /// Applies a customer's update. `UpdatedAt` does not change.
    mutating func apply(_ update: FindingUpdate) {
        for (name, value) in update.members {
            members[name] = name == "Severity" ? Self.completed(value) : value
            customerFields.insert(name.string)
        }
    }
}

/// The changes of a `BatchUpdateFindings` call.
struct FindingUpdate {
    /// The members to set.
    let members: JSON.Members

    private static let shapes: [String: FindingValidator] = [
        "Note": .object(["Text": .text(1...512), "UpdatedBy": .text(1...512)], required: ["Text", "UpdatedBy"]),
        "Severity": .object(
            [
                "Normalized": FindingFormat.ratio, "Product": .number, "Label": .word(FindingFormat.severityLabels),
            ], required: []),
        "VerificationState": .word(FindingFormat.verificationStates), "Confidence": FindingFormat.ratio,
        "Criticality": FindingFormat.ratio, "Types": FindingFormat.types,
        "UserDefinedFields": FindingFormat.userDefinedFields, "Workflow": FindingFormat.workflow,
        "RelatedFindings": FindingFormat.relatedFindings,
    ]

    private static let identifiers = FindingValidator.list(
        .object(["Id": .text(1...512), "ProductArn": .text(12...2048)], required: ["Id", "ProductArn"]), 1...100)

    /// The validation error of a request; nil if it is valid.
    static func validationError(for request: JSON) -> String? {
        FindingValidator.object(
            shapes.merging(["FindingIdentifiers": identifiers]) { _, identifiers in identifiers },
            required: ["FindingIdentifiers"]
        ).validationError(for: request, at: "data")
    }

    /// - Parameter now: milliseconds since 1970.
    init(_ request: JSON, now: Int64) {
        var members = (request.object ?? [:]).filter { Self.shapes[$0.key.string] != nil }
        if var note = members["Note"]?.object {
            note["UpdatedAt"] = .string(Timestamp(milliseconds: now).iso8601)
            members["Note"] = .object(note)
        }
        self.members = members
    }
}
