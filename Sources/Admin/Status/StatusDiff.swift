import JSON

/// Differences between two snapshots of the status.
enum StatusDiff {
    /// Members that change with time. A change of these alone is not reported.
    private static let clocks: Set<UTF8Text> = ["at", "uptimeSeconds"]

    /// The top-level members that changed, and `at` in any case; a member that is gone is `null`. Nil if there is no change to report.
    ///
    /// Of the account-Regions, there may be thousands: `accountRegionChanges` has those that changed.
    static func between(_ before: JSON, _ after: JSON) -> JSON? {
        let (before, after) = (before.object ?? [:], after.object ?? [:])
        var change = after.filter { before[$0.key] != $0.value }
        for name in before.keys where after[name] == nil { change[name] = .null }
        guard change.keys.contains(where: { !clocks.contains($0) }) else { return nil }
        change["at"] = after["at"]
        if change["accountRegions"] != nil, let old = before["accountRegions"]?.array,
            let new = after["accountRegions"]?.array
        {
            change["accountRegions"] = nil
            change["accountRegionChanges"] = rows(old, new)
        }
        return .object(change)
    }

    /// The rows that are new or changed, and the account-Regions whose rows are gone.
    private static func rows(_ before: [JSON], _ after: [JSON]) -> JSON {
        var gone = Dictionary(before.map { (key(of: $0), $0) }) { first, _ in first }
        let changed = after.filter { gone.removeValue(forKey: key(of: $0)) != $0 }
        let removed = gone.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, _ -> JSON in
            ["account": .string(key[0]), "region": .string(key[1])]
        }
        return ["rows": .array(changed), "removed": .array(removed)]
    }

    private static func key(of row: JSON) -> [String] { [row["account"]?.string ?? "", row["region"]?.string ?? ""] }
}
