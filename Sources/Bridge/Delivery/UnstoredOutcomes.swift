import Store
import Synchronization

/// The leases of deliveries whose outcome could not be stored, until they can be released: their deliveries would
/// otherwise wait for the end of the leases, long after the store can be used again.
final class UnstoredOutcomes: Sendable {
    private let leases = Mutex<[Lease]>([])

    /// Adds a lease.
    func add(_ lease: Lease) { leases.withLock { $0.append(lease) } }

    /// Releases leases, or keeps them until the store can do it.
    ///
    /// - Returns: why they could not be released yet; nil if they were.
    func release(_ due: [Lease], to store: any Store) async -> StoreError? {
        guard !due.isEmpty else { return nil }
        do throws(StoreError) {
            try await store.release(due)
            return nil
        } catch {
            leases.withLock { $0 += due }
            return error
        }
    }

    /// Releases the leases that were kept, once the store can do it.
    func release(to store: any Store) async throws(StoreError) {
        let due = leases.withLock { leases in
            defer { leases = [] }
            return leases
        }
        if let error = await release(due, to: store) { throw error }
    }
}
