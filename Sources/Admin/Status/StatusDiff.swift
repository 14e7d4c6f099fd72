import JSON

/// Differences between two snapshots of the status.
enum StatusDiff {
    /// Members that change with time. A change of these alone is not reported.
    private static let clocks: Set<UTF8Text> = ["at", "uptimeSeconds"]

    /// The top-level members that changed, and `at` in any case; a member that is gone is `null`. Nil if there is no change to report.
    static func between(_ before: JSON, _ after: JSON) -> JSON? {
        let (before, after) = (before.object ?? [:], after.object ?? [:])
        var change = after.filter { before[$0.key] != $0.value }
        for name in before.keys where after[name] == nil { change[name] = .null }
        guard change.keys.contains(where: { !clocks.contains($0) }) else { return nil }
        change["at"] = after["at"]
        return .object(change)
    }
}
