import Encoding
import Store

/// Decides which partitions a replica processes, of those that all replicas on a database share.
///
/// Each lane has one owner at a time and stays with it while the owner is alive, unless the replicas own
/// unequal numbers of them. So two replicas never process the same finding concurrently, and a single process keeps
/// Security Hub's rate limit, which applies per account and Region.
struct PartitionAssignment: Equatable {
    /// The stored state of a lane, named as in the tables.
    struct Partition: Equatable {
        let lane: String
        /// When its first delivery is, or was, ready; nil if it has none.
        let readyAt: Timestamp?
        /// Its owner, alive or not.
        let owner: String?
        /// Whether its owner is alive.
        let isOwnerLive: Bool
        /// Whether it has times beyond the maximum wait, see ``QueueTime``.
        var exceedsMaximumWait = false
    }

    /// Owned partitions that the replica keeps.
    var kept: [String] = []
    /// Owned partitions beyond the replica's share. They are released when nothing of them is leased.
    var surplus: [String] = []
    /// Whether deliveries of the surplus are leased meanwhile.
    let leasesSurplus: Bool
    /// Partitions to acquire: they have ready deliveries and no live owner.
    var toAcquire: [String] = []
    /// Lanes with another live owner.
    var ownedByOthers: Set<String> = []
    /// When the next delivery is ready in a partition that the replica owns or may acquire, now or by the passing of
    /// time.
    var nextReadyAt: Timestamp?
    /// When the next delivery becomes ready, by the passing of time, in a partition that the replica may acquire later.
    var laterReadyAt: Timestamp?

    /// - Parameters:
    ///   - partitions: all lanes that are in the queue or owned, sorted.
    ///   - replica: the replica that decides.
    ///   - replicas: the number of live replicas that process deliveries, including this one.
    ///   - excluded: lanes that the replica skips now.
    ///   - leasesSurplus: whether it leases deliveries beyond its share.
    ///   - mayTakeOver: whether it may acquire partitions of dead owners.
    ///   - now: the current time.
    init(
        _ partitions: [Partition], for replica: String, of replicas: Int, excluding excluded: Set<String>,
        now: Timestamp,
        leasesSurplus: Bool = false, mayTakeOver: Bool = true
    ) {
        self.leasesSurplus = leasesSurplus
        let sharers = max(replicas, 1)
        let share = max((partitions.count + sharers - 1) / sharers, 1)
        let own = partitions.filter { $0.owner == replica }
        kept = own.prefix(share).map(\.lane)
        surplus = own.dropFirst(share).map(\.lane)
        let others = partitions.filter { $0.owner != replica }
        ownedByOthers = Set(others.filter { $0.owner != nil && $0.isOwnerLive }.map(\.lane))
        let room = share - own.count
        let free = others.filter {
            room > 0 && !ownedByOthers.contains($0.lane) && !excluded.contains($0.lane)
        }
        .filter { mayTakeOver || $0.owner == nil }
        .compactMap { partition in
            // Deliveries leased by a dead replica are ready as soon as another one acquires the partition.
            partition.readyAt.map {
                (readyAt: partition.owner == nil ? $0 : min($0, now), lane: partition.lane)
            }
        }
        toAcquire = free.filter { $0.readyAt <= now }.sorted { $0 < $1 }.prefix(max(room, 0)).map(\.lane)
            .sorted()
        let mine = (leasesSurplus ? own[...] : own.prefix(share)).filter { !excluded.contains($0.lane) }
        nextReadyAt = (mine.compactMap(\.readyAt) + free.map(\.readyAt)).min()
        laterReadyAt = room > toAcquire.count ? free.map(\.readyAt).filter { $0 > now }.min() : nil
    }

    /// The lanes that may have deliveries to lease.
    func candidates(excluding excluded: Set<String>) -> [String] {
        ((leasesSurplus ? kept + surplus : kept).filter { !excluded.contains($0) } + toAcquire).sorted()
    }
}
