package import DeviceDefender
import Encoding
package import Store

/// Selects the ended audits that are still to be imported. A pure function.
package enum AuditSelection {
    /// Selects for each check the newest audit that completed it, unless that audit or a newer one is applied.
    ///
    /// - Parameters:
    ///   - tasks: ended audits, in any order.
    ///   - applied: the applied audits, by check.
    /// - Returns: the audits to import, oldest first.
    package static func select(_ tasks: [AuditTask], applied: [String: AppliedAudit]) -> [AuditTask] {
        var seen: Set<String> = []
        var selected: [AuditTask] = []
        for task in tasks.sorted(by: { order($0) > order($1) }) {
            let completed = Set(task.checks.filter(\.status.isComplete).map(\.check.name)).subtracting(seen)
            seen.formUnion(completed)
            let isNews = completed.contains { check in
                applied[check].map { ($0.startTime, $0.taskID) < order(task) } ?? true
            }
            if isNews { selected.append(task) }
        }
        return selected.reversed()
    }

    private static func order(_ task: AuditTask) -> (Timestamp, String) { (task.startTime, task.id) }
}
