import Encoding
import Fixtures
import JSON
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Intake

@Suite("Admission") struct AdmissionTests {
    private let stored: IntakeResult

    init() throws { stored = .stored(delivery("0", [:], of: try accountRegion())) }

    @Test("Requests are admitted up to the limit, and one more gets 503 immediately")
    func busy() async throws {
        try await withStore { store in
            let admission = Admission(store: store, maximumPending: 100, maximumRequests: 2, clock: { uptime })
            let (started, ended) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        _ = await admission.admit { _ in
                            started.continuation.yield()
                            for await _ in ended.stream {}
                            return .accepted(AcceptedDeliveries())
                        }
                    }
                }
                var iterator = started.stream.makeAsyncIterator()
                for _ in 0..<2 { await iterator.next() }
                let busy = await admission.admit { _ in stored }
                #expect(throws: Never.self) { try expectRejection(busy, 503, "overloaded") }
                ended.continuation.finish()
            }
            #expect(await admission.admit { _ in stored }.word == "stored")
            #expect(admission.current == 0)
        }
    }

    @Test("Several deliveries reserve capacity all or none, and unused capacity is released")
    func several() async throws {
        try await withStore { store async throws in
            let admission = Admission(store: store, maximumPending: 4, clock: { uptime })
            func add(_ ids: [String]) async -> String {
                await admission.admit { reserve in
                    guard reserve(ids.count) else { return .deferred(.queueFull) }
                    return await store.accept(ids.map { (delivery($0, [:], of: try! accountRegion()), nil) })
                }.word
            }
            #expect(await add(["1", "2"]) == "stored")
            #expect(await add(["3", "4", "5"]) == "queue_full")
            #expect(await add(["2", "1"]) == "duplicate")
            #expect(await add(["1", "3"]) == "stored")
            #expect(await add(["4", "5"]) == "queue_full")
            #expect(await add(["4"]) == "stored")
            #expect(try await store.queueStatus().pending == 4)
        }
        // An empty queue accepts more deliveries than its limit; otherwise they would be retried forever.
        try await withStore { store async throws in
            let admission = Admission(store: store, maximumPending: 2, clock: { uptime })
            let result = await admission.admit { $0(5) ? stored : .deferred(.queueFull) }
            expectAccepted(result, .stored)
        }
    }

    @Test("A full queue rejects deliveries until it has capacity again")
    func full() async throws {
        try await withStore { store in
            let time = Mutex(uptime)
            let admission = Admission(store: store, maximumPending: 3, clock: { time.withLock { $0 } })
            func add(_ id: String) async -> String {
                await admission.admit { _ in
                    await store.accept([(delivery(id, [:], of: try! accountRegion()), nil)])
                }.word
            }
            // Two were stored before.
            for id in ["1", "2"] { _ = try await store.append(delivery(id, [:], of: try accountRegion())) }
            #expect(await add("2") == "duplicate")
            #expect(await add("3") == "stored")
            #expect(await add("4") == "queue_full")
            let batch = try await store.lease(limit: 9, for: .seconds(9), owner: "test", now: now)
            // Leased deliveries count, too.
            time.withLock { $0 += .seconds(2) }
            #expect(await add("4") == "queue_full")
            for leased in batch.deliveries.prefix(2) { _ = try await store.complete([leased.lease], now: now) }
            #expect(await add("4") == "queue_full")
            time.withLock { $0 += .seconds(2) }
            #expect(await add("4") == "stored")
            #expect(await add("5") == "stored")
            #expect(await add("6") == "queue_full")
        }
    }
}
