import DeviceDefender

/// What a check of an audit came to, in words.
struct CheckSummaryText {
    private let result: CheckResult
    private let task: AuditTask

    init(_ result: CheckResult, task: AuditTask) {
        self.result = result
        self.task = task
    }

    var title: String { "\(result.check.name) of audit \(task.scheduledAuditName ?? "OnDemand"): \(outcome)" }

    var description: String {
        var sentences = ["\(result.check.title): \(outcome)."]
        if task.status == .canceled, result.status != .canceled { sentences.append("The audit was canceled.") }
        if let code = result.errorCode { sentences.append("Error: \(code).") }
        if let message = result.message { sentences.append(message) }
        return sentences.joined(separator: " ")
    }

    private var outcome: String {
        switch result.status {
        case .completedNonCompliant: failures(result.nonCompliantResources) + suppressed
        case .completedCompliant: failures(result.nonCompliantResources ?? 0) + suppressed
        case .failed: "could not be carried out"
        case .canceled: "canceled"
        case .inProgress, .waitingForDataCollection, .other: "not finished"
        }
    }

    /// How many resources failed, of how many.
    private func failures(_ failed: Int64?) -> String {
        guard let failed else { return "some resources failed" }
        guard let total = result.totalResources, failed <= total else {
            return "\(RuleText.counted(failed, "resource")) failed"
        }
        if total == 0 { return "there were no resources to check" }
        let share = Self.percentage(failed, of: total)
        return "\(RuleText.grouped(failed)) of \(RuleText.counted(total, "resource")) failed (\(share))"
    }

    private var suppressed: String {
        guard let count = result.suppressedNonCompliantResources, count > 0 else { return "" }
        return ", \(RuleText.grouped(count)) suppressed"
    }

    /// A share in percent with at most one decimal place. What is neither nothing nor all is never called so.
    ///
    /// - Parameters:
    ///   - part: from 0 to the whole.
    ///   - whole: not 0.
    static func percentage(_ part: Int64, of whole: Int64) -> String {
        let permille = Int64((Double(part) / Double(whole) * 1000).rounded())
        if permille == 0, part > 0 { return "less than 0.1 %" }
        if permille == 1000, part < whole { return "more than 99.9 %" }
        return permille.isMultiple(of: 10) ? "\(permille / 10) %" : "\(permille / 10).\(permille % 10) %"
    }
}
