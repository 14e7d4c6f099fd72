import AWSCore
import Encoding
import GRDB
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

@Suite struct SubscriptionTests {
    private func subscription(
        _ name: String = "a", _ state: Subscription.State = .confirmed, id: String = "m1", publishedAt: Timestamp = 10,
        changedAt: Timestamp = 20
    ) -> Subscription {
        Subscription(
            topic: ARN(service: "sns", accountRegion: accountRegions[0], resource: name), state: state, messageID: id,
            publishedAt: publishedAt, changedAt: changedAt)
    }

    @Test(arguments: Subscription.State.allCases)
    func recordedStatusSurvivesARestart(state: Subscription.State) async throws {
        let folder = try TemporaryFolder()
        let store = try await SQLiteStore(path: folder.file)
        let noted = subscription("a", state)
        #expect(try await store.subscription(to: noted.topic) == nil)
        try await store.record(noted)
        await store.close()
        let again = try await SQLiteStore(path: folder.file)
        #expect(try await again.subscription(to: noted.topic) == noted)
        #expect(try await again.subscription(to: subscription("b").topic) == nil)
        await again.close()
    }

    @Test(arguments: StoreKind.all) func theMessagePublishedLastWinsInAnyOrder(kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store async throws in
            let (first, last) = (subscription(publishedAt: 10), subscription("a", .ended, id: "m2", publishedAt: 11))
            try await store.record(last)
            try await store.record(first)
            #expect(try await store.subscription(to: first.topic) == last)
            let same = subscription("a", .confirmed, id: "m2", publishedAt: 11, changedAt: 30)
            try await store.record(same)
            #expect(try await store.subscription(to: first.topic) == same)
        }
    }

    @Test(arguments: StoreKind.all) func subscriptionsAreListedByTopicInPages(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            let all = ["a", "b", "c"].map { subscription($0) }
            for each in all.reversed() { try await store.record(each) }
            let page = try await store.subscriptions(after: nil, limit: 2)
            #expect(page == Array(all.prefix(2)))
            #expect(try await store.subscriptions(after: page.last, limit: 2) == [all[2]])
            #expect(await failure { _ = try await store.subscriptions(after: nil, limit: 0) } == .invalidValue)
        }
    }

    @Test(arguments: ["", "a\0", String(repeating: "x", count: 257)], StoreKind.all)
    func anInvalidMessageIDIsRejected(
        id: String, kind: StoreKind
    ) async throws {
        try await withStore(kind) { store async throws in
            #expect(await failure { try await store.record(subscription(id: id)) } == .invalidValue)
        }
    }

    @Test(arguments: StoreKind.all) func anInvalidRowIsReportedAsCorrupt(kind: StoreKind) async throws {
        try await withStore(kind) { store async throws in
            try await store.run("INSERT INTO subscription VALUES ('no topic', 'confirmed', 'm', 1, 1)")
            #expect(await failure { _ = try await store.subscriptions(after: nil, limit: 9) } == .corrupt)
        }
    }
}
