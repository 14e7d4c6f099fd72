/// Decides which accounts and Regions a bridge works on, of those that all bridges on one database share.
///
/// Each belongs to one bridge at a time, its holder, and stays with it while that one lives, unless the bridges have
/// unequal numbers of them. So two bridges never work on one finding at once, and Security Hub's limit on requests, which
/// is for each account and Region, is kept by a single process.
struct PartitionAssignment: Equatable {
    /// What is known of an origin, named in the form of the tables.
    struct Partition: Equatable {
        let accountRegion: String
        /// When its first delivery is, or was, ready, in milliseconds since 1970; nil if none is in the queue.
        let readyAt: Int64?
        /// Who holds it, alive or not.
        let owner: String?
        /// Whether the holder is alive.
        let isOwnerLive: Bool
        /// Whether it has times that are further away than anything is waited for, see ``QueueTime``.
        var exceedsMaximumWait = false
    }

    /// Held, and worked on further.
    var kept: [String] = []
    /// Held, but beyond this bridge's share: to be let go when nothing of them is leased.
    var surplus: [String] = []
    /// Whether the surplus is worked on meanwhile.
    let leasesSurplus: Bool
    /// To be taken: something of them is ready and nobody who lives holds them.
    var toAcquire: [String] = []
    /// Those that others hold.
    var ownedByOthers: Set<String> = []
    /// When there is something ready, now or by the passing of time, of what this bridge holds or may take.
    var nextReadyAt: Int64?
    /// When there will be something ready, by the passing of time, of what this bridge may take and does not take yet.
    var laterReadyAt: Int64?

    /// - Parameters:
    ///   - partitions: all origins that are in the queue or held, sorted.
    ///   - replica: who asks.
    ///   - replicas: how many bridges that live work on deliveries, the asking one included.
    ///   - excluded: origins that the asking bridge wants nothing of now.
    ///   - leasesSurplus: whether it works on what is beyond its share.
    ///   - mayTakeOver: whether it may take what one holds who does not live.
    ///   - now: the present time, in milliseconds since 1970.
    init(
        _ partitions: [Partition], for replica: String, of replicas: Int, excluding excluded: Set<String>, now: Int64,
        leasesSurplus: Bool = false, mayTakeOver: Bool = true
    ) {
        self.leasesSurplus = leasesSurplus
        let sharers = max(replicas, 1)
        let share = max((partitions.count + sharers - 1) / sharers, 1)
        let own = partitions.filter { $0.owner == replica }
        kept = own.prefix(share).map(\.accountRegion)
        surplus = own.dropFirst(share).map(\.accountRegion)
        let others = partitions.filter { $0.owner != replica }
        ownedByOthers = Set(others.filter { $0.owner != nil && $0.isOwnerLive }.map(\.accountRegion))
        let room = share - own.count
        let free = others.filter {
            room > 0 && !ownedByOthers.contains($0.accountRegion) && !excluded.contains($0.accountRegion)
        }
        .filter { mayTakeOver || $0.owner == nil }
        .compactMap { partitions in
            // What a bridge that is gone had leased is ready as soon as somebody takes its place.
            partitions.readyAt.map {
                (readyAt: partitions.owner == nil ? $0 : min($0, now), accountRegion: partitions.accountRegion)
            }
        }
        toAcquire = free.filter { $0.readyAt <= now }.sorted { $0 < $1 }.prefix(max(room, 0)).map(\.accountRegion)
            .sorted()
        let mine = (leasesSurplus ? own[...] : own.prefix(share)).filter { !excluded.contains($0.accountRegion) }
        nextReadyAt = (mine.compactMap(\.readyAt) + free.map(\.readyAt)).min()
        laterReadyAt = room > toAcquire.count ? free.map(\.readyAt).filter { $0 > now }.min() : nil
    }

    /// The origins that may have something to lease.
    func candidates(excluding excluded: Set<String>) -> [String] {
        ((leasesSurplus ? kept + surplus : kept).filter { !excluded.contains($0) } + toAcquire).sorted()
    }
}
