/// Serves several queues in turn.
package enum FairShare {
    /// The names in the order of service, starting after the one that was served last.
    package static func ring<Name: Comparable>(_ sorted: [Name], after last: Name?) -> [Name] {
        guard let last, let start = sorted.firstIndex(where: { $0 > last }) else { return sorted }
        return Array(sorted[start...] + sorted[..<start])
    }

    /// Takes items from several queues up to a limit: from each an equal share as far as it has that many. What some
    /// queues leave goes to the others.
    ///
    /// - Parameters:
    ///   - limit: The maximum number of items in total.
    ///   - ring: The queues in the order of service.
    ///   - take: Takes up to a number of items from a queue; fewer only if the queue has no more.
    /// - Returns: The items, and the queue that was served last.
    package static func take<Name, Item>(
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
