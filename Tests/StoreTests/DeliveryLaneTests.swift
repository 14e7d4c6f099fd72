import AWSCore
import TestSupport
import Testing

@testable import SQLiteStore
@testable import Store

@Suite struct DeliveryLaneTests {
    @Test(arguments: [nil, "a", "nozomi-2", "111122223333", String(repeating: "-", count: 64)])
    func aLaneIsStoredAsAText(source: String?) {
        let lane = DeliveryLane(accountRegions[0], source: source)
        #expect(lane.stored == "111122223333/us-east-1" + (source.map { "/\($0)" } ?? ""))
        #expect(DeliveryLane(stored: lane.stored) == lane)
    }

    @Test(arguments: ["", "/", "111122223333/us-east-1/", "111122223333/us-east-1/A", "111122223333/us-east-1/a/b"])
    func anotherTextIsNoLane(text: String) { #expect(DeliveryLane(stored: text) == nil) }

    @Test func deviceDefenderPrecedesTheSourcesOfItsAccountRegion() {
        let lanes = [DeliveryLane(accountRegions[1], source: "b"), DeliveryLane(accountRegions[1])]
        #expect(lanes.sorted() == [lanes[1], lanes[0]])
    }

    @Test func anInvalidNameIsNotStored() async throws {
        try await withStore { store async throws in
            for name in ["", "A", "a b", String(repeating: "a", count: 65)] {
                #expect(await failure { _ = try await store.append(delivery(1, source: name)) } == .invalidValue)
                let pause = Pause(.source(name), pausedBy: "ada", pausedAt: 0, reason: nil)
                #expect(await failure { try await store.pause(pause) } == .invalidValue)
            }
        }
    }
}
