import Store
import Synchronization

/// The leases of deliveries whose outcome could not be stored, until they can be released: their deliveries would
/// otherwise wait for the end of the leases, long after the store can be used again.
final class UnstoredOutcomes: Sendable {
    private let leases = Mutex<[Lease]>([])

    /// Adds a lease.
    func add(_ lease: Lease) { leases.withLock { $0.append(lease) } }

    /// Releases the leases, now that the store answers.
    func release(to store: any Store) async throws(StoreError) {
        let due = leases.withLock { leases in
            defer { leases = [] }
            return leases
        }
        guard !due.isEmpty else { return }
        do throws(StoreError) {
            try await store.release(due)
        } catch {
            leases.withLock { $0 += due }
            throw error
        }
    }
}
