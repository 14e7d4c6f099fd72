import Testing

@testable import Store

@Suite struct PartitionAssignmentTests {
    private func known(
        _ accountRegion: String, ready: Int64? = 0, by holder: String? = nil, isLive: Bool = true
    ) -> PartitionAssignment.Known {
        PartitionAssignment.Known(
            accountRegion: accountRegion, readyAt: ready, holder: holder, isHolderLive: holder != nil && isLive)
    }

    private func shares(
        _ known: [PartitionAssignment.Known], of replicas: Int, excluding excluded: Set<String> = [], now: Int64 = 10
    ) -> PartitionAssignment {
        PartitionAssignment(known, for: "me", of: replicas, excluding: excluded, now: now)
    }

    @Test func aBridgeAloneTakesWhatIsReady() {
        let shares = shares([known("a"), known("b", ready: 11), known("c", ready: nil), known("d", ready: 10)], of: 1)
        #expect(shares.wanted == ["a", "d"])
        #expect(shares.nextReadyAt == 0)
        #expect(shares.candidates(excluding: []) == ["a", "d"])
    }

    @Test func whatALivingBridgeHoldsIsLeftToItAndWhatADeadOneHeldIsNot() {
        let shares = shares(
            [known("a", by: "other"), known("b", by: "dead", isLive: false), known("c", by: "me")], of: 1)
        #expect(shares.kept == ["c"])
        #expect(shares.wanted == ["b"])
        #expect(shares.heldByOthers == ["a"])
    }

    @Test func whatADeadBridgeHadLeasedIsReadyAtOnce() {
        let shares = shares([known("a", ready: 60_000, by: "dead", isLive: false), known("b", ready: 60_000)], of: 1)
        #expect(shares.wanted == ["a"])
        #expect(shares.nextReadyAt == 10)
    }

    @Test func nobodyTakesMoreThanItsShareAndTheLongestReadyComesFirst() {
        let all = [known("a", ready: 5), known("b", ready: 3), known("c", ready: 4), known("d", ready: 9)]
        #expect(shares(all, of: 2).wanted == ["b", "c"])
        #expect(shares(all, of: 3).wanted == ["b", "c"])
        #expect(shares(all, of: 4).wanted == ["b"])
        #expect(shares(all, of: 10).wanted == ["b"])
        #expect(shares(all, of: 0).wanted == ["a", "b", "c", "d"])
    }

    @Test func whatWillBeReadyIsWaitedForAsFarAsItIsThisBridgesShare() {
        let all = [known("a", by: "me"), known("b", ready: 5), known("c", ready: 12), known("d", ready: 11)]
        #expect(shares(all, of: 1).laterReadyAt == 11)
        #expect(shares(all, of: 2).laterReadyAt == nil)
        #expect(shares(all, of: 1, excluding: ["d"]).laterReadyAt == 12)
        #expect(
            shares([known("a", ready: 12, by: "me"), known("b", ready: 12, by: "other")], of: 1).laterReadyAt == nil)
    }

    @Test func whatIsBeyondTheShareIsLetGo() {
        let all = ["a", "b", "c", "d"].map { known($0, by: "me") }
        let shares = shares(all, of: 2)
        #expect(shares.kept == ["a", "b"])
        #expect(shares.surplus == ["c", "d"])
        #expect(shares.wanted == [])
        #expect(shares.candidates(excluding: ["a"]) == ["b"])
    }

    @Test func oneAccountRegionStaysWithItsHolderHoweverManyBridgesThereAre() {
        #expect(shares([known("a", by: "me")], of: 10).kept == ["a"])
        let other = shares([known("a", by: "other")], of: 10)
        #expect(other.wanted == [] && other.nextReadyAt == nil)
    }

    @Test func whatIsExcludedIsNeitherTakenNorWaitedFor() {
        let shares = shares([known("a", by: "me"), known("b")], of: 1, excluding: ["a", "b"])
        #expect(shares.candidates(excluding: ["a", "b"]) == [])
        #expect(shares.nextReadyAt == nil)
        #expect(shares.kept == ["a"])
    }

    /// Whatever happens, each origin finds a bridge: as long as some are free, some bridge has room.
    @Test func everyAccountRegionFindsABridge() {
        for accountRegions in 1...12 {
            for replicas in 1...6 {
                var holders: [Int: String] = [:]
                for _ in 0..<accountRegions {
                    for replica in 0..<replicas {
                        let all = (0..<accountRegions).map { known("origin-\($0 + 10)", by: holders[$0]) }
                        let shares = PartitionAssignment(
                            all, for: "\(replica)", of: replicas, excluding: [], now: 10)
                        if let name = shares.wanted.first, let number = Int(name.dropFirst(7)) {
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
