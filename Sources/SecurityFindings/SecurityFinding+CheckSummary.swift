package import AWSCore
package import DeviceDefender
import Encoding

extension SecurityFinding {
    /// Makes the summary finding of an audit check: active if resources failed or the check could not run, otherwise
    /// archived; always archived if the audit was canceled. All times are the audit's start.
    ///
    /// - Parameters:
    ///   - result: the check's result; one of the task's.
    ///   - task: the audit.
    ///   - accountRegion: the account and Region that the audit ran in.
    ///   - severities: the configured severities, matched against the check's name; they override Device Defender's.
    package init(
        summaryOf result: CheckResult, task: AuditTask, accountRegion: AccountRegion, severities: SeverityRules = .none
    ) {
        let page = ConsolePage.auditResult(taskID: task.id, check: result.check, accountRegion: accountRegion)
        let words = CheckSummaryText(result, task: task)
        let hasFailed = result.status == .completedNonCompliant || result.status == .failed
        let isActive = hasFailed && task.status != .canceled
        self.init(
            FindingDraft(
                id: FindingID.summary(
                    check: result.check, scheduledAuditName: task.scheduledAuditName, accountRegion: accountRegion),
                accountRegion: accountRegion,
                generatorID: Self.scheduledAuditARN(task.scheduledAuditName, accountRegion: accountRegion),
                types: Self.types(result.check),
                severity: severities.severity(of: result.check.name) ?? Severity.Label(result.check.severity),
                originalSeverity: result.check.severity.rawValue,
                title: words.title,
                description: words.description,
                sourceURL: page,
                remediation: FindingDraft.Remediation(
                    text: result.check.remediation,
                    url: page),
                resource: FindingDraft.Resource(
                    type: "Other",
                    id: Self.scheduledAuditARN(task.scheduledAuditName, accountRegion: accountRegion),
                    details: []),
                productFields: Self.productFields(result, task: task),
                createdAt: task.startTime,
                updatedAt: task.startTime,
                firstObservedAt: task.startTime,
                lastObservedAt: task.startTime,
                recordState: isActive ? .active : .archived))
    }

    private static func productFields(_ result: CheckResult, task: AuditTask) -> [(key: String, value: String)] {
        let fields: [(String, String?)] = [
            ("ProviderName", providerName),
            ("ProviderVersion", providerVersion),
            ("ReportType", "CheckSummary"),
            ("CheckName", result.check.name),
            ("CheckRunStatus", result.status.word),
            ("TaskId", task.id),
            ("TaskType", task.kind.rawValue),
            ("TaskStartTime", String(task.startTime.milliseconds)),
            ("ScheduledAuditName", task.scheduledAuditName),
            ("NonCompliantResourcesCount", result.nonCompliantResources.map { String($0) }),
            ("SuppressedNonCompliantResourcesCount", result.suppressedNonCompliantResources.map { String($0) }),
            ("TotalResourcesCount", result.totalResources.map { String($0) }),
            ("ErrorCode", result.errorCode),
        ]
        return fields.compactMap { key, value in value.map { (key, $0) } }
    }
}
