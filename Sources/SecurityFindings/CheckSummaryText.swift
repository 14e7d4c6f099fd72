import DeviceDefender

/// Title and description of a check's summary.
struct CheckSummaryText {
    private let result: CheckResult
    private let task: AuditTask

    init(_ result: CheckResult, task: AuditTask) {
        self.result = result
        self.task = task
    }

    var title: String { "\(result.check.name) of audit \(task.scheduledAuditName ?? "OnDemand"): \(outcome)" }

    var description: String {
        var sentences = sentences
        if task.status == .canceled, result.status != .canceled { sentences.append("The audit was canceled.") }
        if let message = result.message { sentences.append(message) }
        return sentences.joined(separator: " ")
    }

    private var outcome: String {
        switch result.status {
        case .completedNonCompliant: failures(result.nonCompliantResources) + suppressed
        case .completedCompliant: "passed" + checked
        case .failed: "could not run"
        case .canceled: "canceled"
        case .inProgress, .waitingForDataCollection, .other: "not finished"
        }
    }

    private var sentences: [String] {
        // A check that did not complete says nothing new about resources: their findings are unchanged.
        let unchanged = "Findings of its last complete run are unchanged."
        let code = result.errorCode.map { " (\($0))" } ?? ""
        switch result.status {
        case .completedCompliant: return ["Check passed: \(result.check.passed ?? result.check.name)\(checked)."]
        case .failed: return ["Check could not run\(code).", unchanged]
        case .canceled: return ["Check was canceled\(code).", unchanged]
        case .completedNonCompliant, .inProgress, .waitingForDataCollection, .other:
            return ["\(result.check.title): \(outcome)."] + (result.errorCode.map { ["Error: \($0)."] } ?? [])
        }
    }

    /// The number of checked resources, in parentheses.
    private var checked: String {
        let total = result.totalResources.map {
            "\($0 == 0 ? "no resources" : RuleText.counted($0, "resource")) checked"
        }
        let suppressed = result.suppressedNonCompliantResources.flatMap { count in
            count > 0 ? "\(RuleText.grouped(count)) suppressed" : nil
        }
        let parts = [total, suppressed].compactMap(\.self)
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }

    /// The number and share of failed resources.
    private func failures(_ failed: Int64?) -> String {
        guard let failed else { return "some resources failed" }
        guard let total = result.totalResources, total > 0, failed <= total else {
            return "\(RuleText.counted(failed, "resource")) failed"
        }
        let share = Self.percentage(failed, of: total)
        return "\(RuleText.grouped(failed)) of \(RuleText.counted(total, "resource")) failed (\(share))"
    }

    private var suppressed: String {
        guard let count = result.suppressedNonCompliantResources, count > 0 else { return "" }
        return ", \(RuleText.grouped(count)) suppressed"
    }

    /// A share in percent with at most one decimal place. Only zero is written as 0%, and only the whole as 100%.
    ///
    /// - Parameters:
    ///   - part: from 0 to the whole.
    ///   - whole: not 0.
    static func percentage(_ part: Int64, of whole: Int64) -> String {
        let permille = Int64((Double(part) / Double(whole) * 1000).rounded())
        if permille == 0, part > 0 { return "less than 0.1%" }
        if permille == 1000, part < whole { return "more than 99.9%" }
        return permille.isMultiple(of: 10) ? "\(permille / 10)%" : "\(permille / 10).\(permille % 10)%"
    }
}
