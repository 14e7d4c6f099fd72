import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import Store

@Suite struct PartitionAssignmentTests {
    private func partition(
        _ lane: String, ready: Timestamp? = 0, by owner: String? = nil, isLive: Bool = true
    ) -> PartitionAssignment.Partition {
        PartitionAssignment.Partition(
            lane: lane, readyAt: ready, owner: owner, isOwnerLive: owner != nil && isLive)
    }

    private func assignment(
        _ partitions: [PartitionAssignment.Partition], of replicas: Int, excluding excluded: Set<String> = [],
        now: Timestamp = 10
    ) -> PartitionAssignment {
        PartitionAssignment(partitions, for: "me", of: replicas, excluding: excluded, now: now)
    }

    @Test func aSingleReplicaAcquiresWhatIsReady() {
        let assignment = assignment(
            [partition("a"), partition("b", ready: 11), partition("c", ready: nil), partition("d", ready: 10)], of: 1)
        #expect(assignment.toAcquire == ["a", "d"])
        #expect(assignment.nextReadyAt == 0)
        #expect(assignment.candidates(excluding: []) == ["a", "d"])
    }

    @Test func partitionsOfDeadReplicasAreAcquiredAndThoseOfLiveOnesAreNot() {
        let assignment = assignment(
            [partition("a", by: "other"), partition("b", by: "dead", isLive: false), partition("c", by: "me")], of: 1)
        #expect(assignment.kept == ["c"])
        #expect(assignment.toAcquire == ["b"])
        #expect(assignment.ownedByOthers == ["a"])
    }

    @Test func leasesOfADeadReplicaAreReadyImmediately() {
        let assignment = assignment(
            [partition("a", ready: 60_000, by: "dead", isLive: false), partition("b", ready: 60_000)], of: 1)
        #expect(assignment.toAcquire == ["a"])
        #expect(assignment.nextReadyAt == 10)
    }

    @Test func aReplicaAcquiresAtMostItsShareEarliestReadyFirst() {
        let all = [
            partition("a", ready: 5), partition("b", ready: 3), partition("c", ready: 4), partition("d", ready: 9),
        ]
        #expect(assignment(all, of: 2).toAcquire == ["b", "c"])
        #expect(assignment(all, of: 3).toAcquire == ["b", "c"])
        #expect(assignment(all, of: 4).toAcquire == ["b"])
        #expect(assignment(all, of: 10).toAcquire == ["b"])
        #expect(assignment(all, of: 0).toAcquire == ["a", "b", "c", "d"])
    }

    @Test func readyTimesAreThoseWithinTheReplicasShare() {
        let all = [
            partition("a", by: "me"), partition("b", ready: 5), partition("c", ready: 12), partition("d", ready: 11),
        ]
        #expect(assignment(all, of: 1).laterReadyAt == 11)
        #expect(assignment(all, of: 2).laterReadyAt == nil)
        #expect(assignment(all, of: 1, excluding: ["d"]).laterReadyAt == 12)
        #expect(
            assignment([partition("a", ready: 12, by: "me"), partition("b", ready: 12, by: "other")], of: 1)
                .laterReadyAt == nil)
    }

    @Test func theSurplusIsReleased() {
        let all = ["a", "b", "c", "d"].map { partition($0, by: "me") }
        let assignment = assignment(all, of: 2)
        #expect(assignment.kept == ["a", "b"])
        #expect(assignment.surplus == ["c", "d"])
        #expect(assignment.toAcquire == [])
        #expect(assignment.candidates(excluding: ["a"]) == ["b"])
    }

    @Test func aSingleAccountRegionStaysWithItsOwner() {
        #expect(assignment([partition("a", by: "me")], of: 10).kept == ["a"])
        let other = assignment([partition("a", by: "other")], of: 10)
        #expect(other.toAcquire == [] && other.nextReadyAt == nil)
    }

    @Test func excludedAccountRegionsAreNeitherAcquiredNorWaitedFor() {
        let assignment = assignment([partition("a", by: "me"), partition("b")], of: 1, excluding: ["a", "b"])
        #expect(assignment.candidates(excluding: ["a", "b"]) == [])
        #expect(assignment.nextReadyAt == nil)
        #expect(assignment.kept == ["a"])
    }

    /// Each account-Region gets a replica: while some are free, a replica has spare capacity.
    @Test func everyAccountRegionGetsAReplica() {
        for accountRegions in 1...12 {
            for replicas in 1...6 {
                var holders: [Int: String] = [:]
                for _ in 0..<accountRegions {
                    for replica in 0..<replicas {
                        let all = (0..<accountRegions).map { partition("origin-\($0 + 10)", by: holders[$0]) }
                        let assignment = PartitionAssignment(
                            all, for: "\(replica)", of: replicas, excluding: [], now: 10)
                        if let name = assignment.toAcquire.first, let number = Int(name.dropFirst(7)) {
                            holders[number - 10] = "\(replica)"
                        }
                    }
                }
                #expect(holders.count == accountRegions)
                let counts = Dictionary(grouping: holders.values) { $0 }.values.map(\.count)
                #expect((counts.max() ?? 0) <= (accountRegions + replicas - 1) / replicas)
            }
        }
    }
}
