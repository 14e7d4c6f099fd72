import Store
import Synchronization

/// Reads ``DeadLetterGroups``, again only after the dead letters have changed.
final class DeadLetterGroupsReader: Sendable {
    /// What changes with each dead letter that is added or removed.
    private struct Mark: Hashable {
        let usage: DeadLetterUsage
        let newest: DeadLetterSummary?
    }

    private let store: any DeliveryQueue
    private let last = Mutex<(mark: Mark, groups: DeadLetterGroups)?>(nil)

    init(_ store: any DeliveryQueue) { self.store = store }

    /// The groups of the dead letters in the store.
    func read() async throws(StoreError) -> DeadLetterGroups {
        let mark = Mark(
            usage: try await store.deadLetterUsage(), newest: try await store.newestDeadLetters(limit: 1).first)
        if let last = last.withLock({ $0 }), last.mark == mark { return last.groups }
        let groups = try await DeadLetterGroups(store)
        last.withLock { $0 = (mark, groups) }
        return groups
    }
}
