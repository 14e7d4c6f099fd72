import DeviceDefender
import Store

/// Which of the audits that ended must still be walked. A pure function.
enum AuditSelection {
    /// Chooses for each check the newest audit that completed it, unless that one or a newer one was applied.
    ///
    /// - Parameters:
    ///   - tasks: audits that ended, in any order.
    ///   - applied: the newest applied audits, by check.
    /// - Returns: the audits to walk, the oldest first.
    static func choose(_ tasks: [AuditTask], applied: [String: AppliedAudit]) -> [AuditTask] {
        var settled: Set<String> = []
        var chosen: [AuditTask] = []
        for task in tasks.sorted(by: { order($0) > order($1) }) {
            let completed = Set(task.checks.filter(\.status.isComplete).map(\.check.name)).subtracting(settled)
            settled.formUnion(completed)
            let isNews = completed.contains { check in
                applied[check].map { ($0.startTime, $0.taskID) < order(task) } ?? true
            }
            if isNews { chosen.append(task) }
        }
        return chosen.reversed()
    }

    private static func order(_ task: AuditTask) -> (Int64, String) { (task.startTime.milliseconds, task.id) }
}
