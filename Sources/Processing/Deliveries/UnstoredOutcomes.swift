package import Store
import Synchronization

/// Holds leases that could not be released, for example because the outcome of their deliveries could not be stored.
/// They are released once the store is available, so that the deliveries do not wait until the leases expire.
package final class UnstoredOutcomes: Sendable {
    private let leases = Mutex<[Lease]>([])

    /// Adds a lease.
    package func add(_ lease: Lease) { leases.withLock { $0.append(lease) } }

    /// Releases leases, or holds them until the store is available.
    ///
    /// - Returns: the error if they could not be released yet.
    package func release(_ due: [Lease], to store: any DeliveryQueue) async -> StoreError? {
        guard !due.isEmpty else { return nil }
        do throws(StoreError) {
            try await store.release(due)
            return nil
        } catch {
            leases.withLock { $0 += due }
            return error
        }
    }

    /// Releases the held leases, once the store is available.
    package func release(to store: any DeliveryQueue) async throws(StoreError) {
        let due = leases.withLock { leases in
            defer { leases = [] }
            return leases
        }
        if let error = await release(due, to: store) { throw error }
    }
}
