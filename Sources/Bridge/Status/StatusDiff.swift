import JSON

/// What has changed between two looks at the status.
enum StatusDiff {
    /// The members that say what time it is. That they change alone is nothing to tell.
    private static let clocks: Set<UTF8Text> = ["at", "uptimeSeconds"]

    /// The top-level members that are not as they were, null for one that is gone, and `at` in any case; nil if nothing is
    /// to be told.
    static func between(_ before: JSON, _ after: JSON) -> JSON? {
        let (before, after) = (before.object ?? [:], after.object ?? [:])
        var change = after.filter { before[$0.key] != $0.value }
        for name in before.keys where after[name] == nil { change[name] = .null }
        guard change.keys.contains(where: { !clocks.contains($0) }) else { return nil }
        change["at"] = after["at"]
        return .object(change)
    }
}
