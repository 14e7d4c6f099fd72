package import AWSCore
package import DeviceDefender
import Encoding
import JSON

extension SecurityFinding {
    /// The version of the mapping of audit findings. Raise it whenever one of them maps to another finding: otherwise the
    /// change does not reach findings that Device Defender reports unchanged. A test compares it with the golden findings.
    package static let auditMappingVersion = 1

    /// Makes the finding for a resource that failed a check: active, or archived if it is suppressed. All times are the
    /// audit finding's.
    ///
    /// - Parameters:
    ///   - task: the audit that found it.
    ///   - accountRegion: the account and Region that the audit ran in.
    ///   - severities: the configured severities, matched against the check's name; they override Device Defender's.
    package init(
        auditFinding finding: AuditFinding, task: AuditTask, accountRegion: AccountRegion,
        severities: SeverityRules = .none
    ) {
        let identifier = finding.resource.identifier
        let page = ConsolePage.auditResult(
            taskID: finding.taskID ?? task.id, check: finding.check, accountRegion: accountRegion)
        self.init(
            FindingDraft(
                id: FindingID.audit(
                    check: finding.check, resource: identifier, reasonCode: finding.reasonCode,
                    accountRegion: accountRegion),
                accountRegion: accountRegion,
                generatorID: Self.scheduledAuditARN(task.scheduledAuditName, accountRegion: accountRegion),
                types: Self.types(finding.check),
                severity: severities.severity(of: finding.check.name) ?? Severity.Label(finding.severity),
                originalSeverity: finding.severity.rawValue,
                title: Self.title(finding),
                description: Self.description(finding),
                sourceURL: page,
                remediation: FindingDraft.Remediation(
                    text: finding.check.remediation,
                    url: page),
                resource: FindingDraft.Resource(
                    type: ResourceText.type(identifier),
                    id: FindingID.cut(ResourceText.id(identifier, accountRegion: accountRegion)),
                    details: Self.details(finding)),
                productFields: Self.productFields(finding, task: task),
                createdAt: finding.time,
                updatedAt: finding.time,
                firstObservedAt: finding.time,
                lastObservedAt: finding.time,
                recordState: finding.isSuppressed ? .archived : .active))
    }

    /// The generator ID of an audit's findings, as in AWS's sample.
    static func scheduledAuditARN(_ name: String?, accountRegion: AccountRegion) -> String {
        ARN(service: "iot", accountRegion: accountRegion, resource: "scheduledaudit/\(name ?? "OnDemand")").description
    }

    static func types(_ check: AuditCheck) -> [String] {
        let types = ["Software and Configuration Checks/AWS IoT Device Defender/\(check.name)"]
        return check.showsUnusualBehavior ? types + ["Unusual Behaviors/IoT Device/\(check.name)"] : types
    }

    private static func title(_ finding: AuditFinding) -> String {
        let resource = FindingText.required(finding.resource.identifier.value, to: 100)
        return "\(finding.check.title): \(resource) (\(finding.check.name))"
    }

    private static func description(_ finding: AuditFinding) -> String {
        let resource = FindingText.required(finding.resource.identifier.value, to: 256)
        let reason = finding.reason ?? finding.reasonCode ?? finding.check.title
        return
            "\(resourceKind(finding.resource.type)) \(resource) failed \(finding.check.name): \(reason)"
    }

    /// The display name of a resource type.
    private static func resourceKind(_ type: String?) -> String {
        switch type {
        case "DEVICE_CERTIFICATE": "Device certificate"
        case "CA_CERTIFICATE": "CA certificate"
        case "ISSUER_CERTIFICATE": "Issuer certificate"
        case "IOT_POLICY": "AWS IoT policy"
        case "COGNITO_IDENTITY_POOL": "Cognito identity pool"
        case "CLIENT_ID": "Client ID"
        case "ACCOUNT_SETTINGS": "Settings of account"
        case "ROLE_ALIAS": "Role alias"
        case "IAM_ROLE": "IAM role"
        default: "Resource"
        }
    }

    /// The parts of the identifier, additional information, and as many related resources as fit.
    private static func details(_ finding: AuditFinding) -> [(key: String, value: String)] {
        var details = ResourceText.parts(finding.resource.identifier)
        details += sorted(finding.resource.additionalInfo)
        if let expiration = expiration(finding.resource.additionalInfo) { details.append(expiration) }
        let capacity = max(0, FindingLimits.mapEntries - details.count - 1)
        for (index, related) in finding.relatedResources.prefix(capacity).enumerated() {
            let info = sorted(related.additionalInfo).map { ", \($0.key): \($0.value)" }.joined()
            details.append(
                ("RelatedResource\(index + 1)", "\(related.type ?? "RESOURCE") \(related.identifier.value)\(info)"))
        }
        if finding.relatedResources.count > capacity {
            details.append(("RelatedResourcesLeftOut", String(finding.relatedResources.count - capacity)))
        }
        return details
    }

    /// A certificate's expiration as a date: Device Defender reports milliseconds since 1970.
    private static func expiration(_ info: [UTF8Text: String]) -> (key: String, value: String)? {
        guard let time = info["EXPIRATION_TIME"].flatMap({ Timestamp(lenient: .string($0)) }) else { return nil }
        return ("EXPIRATION_DATE", time.iso8601)
    }

    private static func sorted(_ map: [UTF8Text: String]) -> [(key: String, value: String)] {
        map.sorted { $0.key < $1.key }.map { (key: $0.key.string, value: $0.value) }
    }

    /// The product fields, with the keys of Device Defender's own integration (AWS IoT Device Defender Developer Guide,
    /// "Integration with AWS Security Hub").
    private static func productFields(_ finding: AuditFinding, task: AuditTask) -> [(key: String, value: String)] {
        let startTime = finding.taskStartTime ?? task.startTime
        let policy = finding.resource.identifier.policyVersion
        let fields: [(String, String?)] = [
            ("ProviderName", providerName),
            ("ProviderVersion", providerVersion),
            ("ReportType", "AuditFinding"),
            ("CheckName", finding.check.name),
            ("TaskId", finding.taskID ?? task.id),
            ("TaskType", task.kind.rawValue),
            ("TaskStartTime", String(startTime.milliseconds)),
            ("ScheduledAuditName", task.scheduledAuditName),
            ("FindingId", finding.id),
            ("ResourceType", finding.resource.type),
            ("PolicyName", policy?.name),
            ("PolicyVersionId", policy?.versionID),
            ("ReasonForNonComplianceCode", finding.reasonCode),
            ("IsSuppressed", finding.isSuppressed ? "true" : "false"),
        ]
        return fields.compactMap { key, value in value.map { (key, $0) } }
    }
}

extension SecurityFinding.Severity.Label {
    /// The label for Device Defender's severity.
    init(_ severity: DeviceDefender.Severity) {
        switch severity {
        case .low: self = .low
        case .medium: self = .medium
        case .high: self = .high
        case .critical: self = .critical
        }
    }
}
