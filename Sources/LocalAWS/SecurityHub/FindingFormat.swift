import JSON

/// The AWS Security Finding Format as `BatchImportFindings` validates it: the required members and names of the API's
/// model, the lengths of "Required attributes" and "Optional top-level attributes" in the AWS Security Hub User Guide.
enum FindingFormat {
    /// The maximum size of a finding, in bytes of JSON.
    static let maximumBytes = 240 * 1024

    static let severityLabels = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    static let workflowStatuses = ["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]
    static let verificationStates = ["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"]

    static let note = FindingValidator.object(
        ["Text": .text(1...512), "UpdatedBy": .text(1...512), "UpdatedAt": .time],
        required: ["Text", "UpdatedBy", "UpdatedAt"])
    static let ratio = FindingValidator.integer(0...100)
    static let types = FindingValidator.list(.findingType, 0...50)
    static let userDefinedFields = FindingValidator.map(count: 50, name: 128, value: 1024)
    static let workflow = FindingValidator.object(["Status": .word(workflowStatuses)], required: [])
    static let relatedFindings = FindingValidator.list(
        .object(["ProductArn": .text(12...2048), "Id": .text(1...512)], required: ["ProductArn", "Id"]), 0...10)

    /// The validation error of a finding; nil if it is valid.
    static func validationError(for finding: JSON) -> String? {
        if finding.serialized().count > maximumBytes { return "data should NOT be larger than 240 KB" }
        if let validationError = shape.validationError(for: finding, at: "data") { return validationError }
        let provided = finding["FindingProviderFields"]
        // Either object may have these; the validator's message for neither refers to `anyOf`.
        guard severityLabel(of: provided?["Severity"]) ?? severityLabel(of: finding["Severity"]) != nil,
            provided?["Types"] ?? finding["Types"] != nil
        else {
            return "data should have required property 'FindingProviderFields', data should match some schema in anyOf"
        }
        return nil
    }

    /// The label of a severity, which may be a number.
    static func severityLabel(of severity: JSON?) -> String? {
        if let label = severity?["Label"]?.string { return label }
        return switch severity?["Normalized"]?.integer {
        case nil: nil
        case 0?: "INFORMATIONAL"
        case (1...39)?: "LOW"
        case (40...69)?: "MEDIUM"
        case (70...89)?: "HIGH"
        default: "CRITICAL"
        }
    }

    /// The normalized number of a label.
    static func normalizedSeverity(_ label: String) -> Int64 {
        switch label {
        case "LOW": 1
        case "MEDIUM": 40
        case "HIGH": 70
        case "CRITICAL": 90
        default: 0
        }
    }

    private static let shape = FindingValidator.object(
        members,
        required: [
            "SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title",
            "Description", "Resources",
        ])

    private static let members: [String: FindingValidator] = [
        "SchemaVersion": .word(["2018-10-08"]), "Id": .text(1...512), "ProductArn": .text(12...2048),
        "ProductName": .text(1...128), "CompanyName": .text(1...128), "Region": .text(1...16),
        "GeneratorId": .text(1...512), "AwsAccountId": .account, "AwsAccountName": .text(1...50), "Types": types,
        "FirstObservedAt": .time, "LastObservedAt": .time, "CreatedAt": .time, "UpdatedAt": .time,
        "Severity": .object(
            [
                "Product": .number, "Label": .word(severityLabels), "Normalized": ratio, "Original": .text(1...64),
            ], required: []),
        "Confidence": ratio, "Criticality": ratio, "Title": .text(1...256), "Description": .text(1...1024),
        "Remediation": .object(
            ["Recommendation": .object(["Text": .text(1...512), "Url": .text(1...2048)], required: [])], required: []),
        "SourceUrl": .text(1...2048), "ProductFields": .map(count: 50, name: 128, value: 2048),
        "UserDefinedFields": userDefinedFields, "Resources": .list(resource, 1...32), "Compliance": compliance,
        "VerificationState": .word(verificationStates),
        "WorkflowState": .word(["NEW", "ASSIGNED", "IN_PROGRESS", "DEFERRED", "RESOLVED"]), "Workflow": workflow,
        "RecordState": .word(["ACTIVE", "ARCHIVED"]), "RelatedFindings": relatedFindings, "Note": note,
        "FindingProviderFields": .object(
            [
                "Confidence": ratio, "Criticality": ratio, "RelatedFindings": relatedFindings, "Types": types,
                "Severity": .object(["Label": .word(severityLabels), "Original": .text(1...64)], required: []),
            ], required: []),
        "Sample": .flag, "ProcessedAt": .time, "Malware": .anything, "Network": .anything, "NetworkPath": .anything,
        "Process": .anything, "Threats": .anything, "ThreatIntelIndicators": .anything, "Vulnerabilities": .anything,
        "PatchSummary": .anything, "Action": .anything, "GeneratorDetails": .anything, "Detection": .anything,
    ]

    private static let resource = FindingValidator.object(
        [
            "Type": .text(1...256), "Id": .text(1...512), "Partition": .word(["aws", "aws-cn", "aws-us-gov"]),
            "Region": .text(1...16), "ResourceRole": .text(1...64), "Tags": .map(count: 50, name: 128, value: 256),
            "DataClassification": .anything, "ApplicationName": .text(1...64), "ApplicationArn": .text(12...2048),
            "Details": .object(
                // Of the resource types with their own details, only IAM roles occur here.
                ["Other": .map(count: 50, name: 127, value: 1023), "AwsIamRole": .anything], required: []),
        ], required: ["Type", "Id"])

    private static let compliance = FindingValidator.object(
        [
            "Status": .word(["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"]),
            "RelatedRequirements": .list(.text(1...64), 0...32), "SecurityControlId": .text(1...128),
            "StatusReasons": .list(
                .object(["ReasonCode": .text(1...128), "Description": .text(1...1024)], required: ["ReasonCode"]),
                0...20),
            "AssociatedStandards": .anything, "SecurityControlParameters": .anything,
        ], required: [])
}
