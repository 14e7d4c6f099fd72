import Store
import Synchronization

/// The leases of this process. Leases in the database that no worker has are recognized by it.
///
/// If the connection is lost during a commit, deliveries can be leased without a worker that knows of it. Only this
/// process leases in the partitions that it owns, so an unregistered lease in them is such a lease.
final class LeaseRegistry: Sendable {
    /// A call that leases deliveries. Its leases are registered before they are committed.
    struct Batch: Sendable, Hashable {
        fileprivate let number: UInt64
    }

    private struct Entry {
        let number: Int64
        let batch: Batch
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var batches: UInt64 = 0
        /// Lanes that may have leases without a worker, with the batch that caused them.
        var doubtful: [String: Batch] = [:]
    }

    private let state = Mutex(State())

    /// Begins a call that leases deliveries.
    func begin() -> Batch {
        state.withLock { state in
            state.batches += 1
            return Batch(number: state.batches)
        }
    }

    /// Registers leases that are about to be committed.
    func add(_ leases: [Lease], in batch: Batch) {
        state.withLock { state in
            for lease in leases { state.entries[lease.sequence] = Entry(number: lease.number, batch: batch) }
        }
    }

    /// Removes the leases of a failed call, which may have been committed.
    func abandon(_ batch: Batch, of lanes: [String]) {
        state.withLock { state in
            state.entries = state.entries.filter { $0.value.batch != batch }
            for lane in lanes { state.doubtful[lane] = batch }
        }
    }

    /// Removes leases that have ended.
    func remove(_ leases: [Lease]) {
        state.withLock { state in
            for lease in leases where state.entries[lease.sequence]?.number == lease.number {
                state.entries[lease.sequence] = nil
            }
        }
    }

    /// The queue positions of the leased deliveries.
    var sequences: [Int64] { state.withLock { Array($0.entries.keys) } }

    /// The given lanes that may have leases without a worker.
    func doubtful(among lanes: [String]) -> [String: Batch] {
        state.withLock { state in
            guard !state.doubtful.isEmpty else { return [:] }
            return state.doubtful.filter { lanes.contains($0.key) }
        }
    }

    /// Records that lanes no longer have such leases, unless a later batch caused new ones.
    func clear(_ settled: [String: Batch]) {
        state.withLock { state in
            for (lane, batch) in settled where state.doubtful[lane] == batch {
                state.doubtful[lane] = nil
            }
        }
    }
}
