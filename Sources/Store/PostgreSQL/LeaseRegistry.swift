import Synchronization

/// The leases that this process has, so that leases in the database without a worker can be found.
///
/// A lease gets lost between database and process when the connection breaks while its transaction commits: the rows are
/// leased, and no worker knows of them. Only this process leases in the account-Regions that it holds, so whatever is
/// leased there and not registered is such a lease.
final class LeaseRegistry: Sendable {
    /// A call to lease, whose leases are registered before they are committed.
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
        /// Account-Regions that may have leases without a worker, with the batch that left them.
        var doubtful: [String: Batch] = [:]
    }

    private let state = Mutex(State())

    /// Begins a call to lease.
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

    /// Forgets the leases of a call that failed, of which it is not known whether they were committed.
    func abandon(_ batch: Batch, of accountRegions: [String]) {
        state.withLock { state in
            state.entries = state.entries.filter { $0.value.batch != batch }
            for accountRegion in accountRegions { state.doubtful[accountRegion] = batch }
        }
    }

    /// Forgets leases that have ended, in whatever way.
    func remove(_ leases: [Lease]) {
        state.withLock { state in
            for lease in leases where state.entries[lease.sequence]?.number == lease.number {
                state.entries[lease.sequence] = nil
            }
        }
    }

    /// The places in the queue of the deliveries that are leased.
    var sequences: [Int64] { state.withLock { Array($0.entries.keys) } }

    /// Those of some account-Regions that may have leases without a worker.
    func doubtful(among accountRegions: [String]) -> [String: Batch] {
        state.withLock { state in
            guard !state.doubtful.isEmpty else { return [:] }
            return state.doubtful.filter { accountRegions.contains($0.key) }
        }
    }

    /// Notes that account-Regions have no such leases any more, unless they came into doubt again meanwhile.
    func clear(_ settled: [String: Batch]) {
        state.withLock { state in
            for (accountRegion, batch) in settled where state.doubtful[accountRegion] == batch {
                state.doubtful[accountRegion] = nil
            }
        }
    }
}
