/// Serves several queues in turn.
enum FairShare {
    /// The names in the order in which they are served, going on behind the one that was served last.
    static func ring<Name: Comparable>(_ sorted: [Name], after last: Name?) -> [Name] {
        guard let last, let start = sorted.firstIndex(where: { $0 > last }) else { return sorted }
        return Array(sorted[start...] + sorted[..<start])
    }

    /// Takes up to a limit from several queues, from each an equal share as far as it has that many, and hands what
    /// some leave to the others.
    ///
    /// - Parameters:
    ///   - limit: The most to take in all.
    ///   - ring: The queues in the order in which they are served.
    ///   - take: Takes up to a number from a queue; fewer only if that queue has no more.
    /// - Returns: What was taken, and the queue that was served last.
    static func take<Name, Item>(
        limit: Int, from ring: [Name], take: (Name, Int) throws -> [Item]
    ) rethrows -> (items: [Item], last: Name?) {
        var items: [Item] = []
        var last: Name?
        var active = ring
        while items.count < limit, !active.isEmpty {
            let share = max(1, (limit - items.count) / active.count)
            var unexhausted: [Name] = []
            for name in active where items.count < limit {
                let taken = try take(name, share)
                items += taken
                if !taken.isEmpty { last = name }
                if taken.count == share { unexhausted.append(name) }
            }
            active = unexhausted
        }
        return (items, last)
    }
}
