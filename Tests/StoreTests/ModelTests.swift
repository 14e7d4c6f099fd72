import AWSCore
import Encoding
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Random histories, run against the store and against a simple model.
@Suite struct ModelTests {
    @Test(.timeLimit(.minutes(15)), arguments: StoreKind.all) func randomHistoriesMatchTheModel(kind: StoreKind)
        async throws
    {
        let first = UInt64.random(in: 0...UInt64.max / 2)
        print("The random histories start with seed \(first).")
        try await withStore(kind) { store async throws in
            // A history takes ten times as long over a network.
            for seed in first..<(first + (kind == .sqlite ? 1000 : 100)) {
                try await store.run(
                    """
                    DELETE FROM delivery; DELETE FROM finding; DELETE FROM pause; DELETE FROM dead_letter_share;
                    UPDATE dead_letter_load SET count = 0, bytes = 0
                    """)
                var history = History(of: store, seed: seed)
                for _ in 0..<30 { try await history.step() }
                try await history.compareAll()
                if (seed - first) % 25 == 0 { #expect(try await store.verify() == [], "seed \(seed)") }
            }
        }
    }
}

/// One history: random calls to the store and to the model, with the results compared.
private struct History {
    let store: any TestedStore
    let seed: UInt64
    var random: SeededGenerator
    var now: Timestamp = 1_000
    var model = ModelQueue()
    /// All leases, including lost ones.
    var leases: [Lease] = []

    init(of store: any TestedStore, seed: UInt64) {
        (self.store, self.seed, random) = (store, seed, SeededGenerator(seed: seed))
    }

    mutating func step() async throws {
        now = now + pick(0...40)
        switch pick(0...23) {
        case 0...6: try await append()
        case 7...11: try await lease()
        case 12...17: try await endALease()
        case 18: try await release()
        case 19: try await extend()
        case 20: try await changeDeadLetters()
        case 21: try await pause()
        case 22: try await resume()
        default: try await purge()
        }
        let status = try await store.queueStatus()
        #expect(status == model.status, "seed \(seed)")
        let findings = try await store.ledgerCounts()
        #expect(findings == model.ledgerCounts, "seed \(seed)")
    }

    func compareAll() async throws {
        let dead = try await store.deadLetters(matching: .all, limit: 1000, after: nil)
        #expect(dead == model.deadLetters, "seed \(seed)")
        let entries = try await store.ledgerEntries(ids: (0..<8).map { "finding-\($0)" })
        #expect(entries == model.ledger, "seed \(seed)")
        let depths = try await store.queueDepths(now: now, after: nil, limit: 1000)
        #expect(depths == model.depths(now: now), "seed \(seed)")
        let pauses = try await store.pauses()
        #expect(Set(pauses) == Set(model.pauses.values), "seed \(seed)")
    }

    private mutating func pause() async throws {
        let pause = Pause(scope(), pausedBy: "model", pausedAt: now, reason: nil)
        try await store.pause(pause)
        model.pause(pause)
    }

    private mutating func resume() async throws {
        // More often than pauses, or everything would soon be paused.
        for _ in 0..<2 {
            let scope = scope()
            let ended = try await store.resume(scope)
            #expect(ended == model.resume(scope), "seed \(seed)")
        }
    }

    private mutating func scope() -> Pause.Scope {
        let scopes: [Pause.Scope] = [
            .all, .account(manyAccountRegions[0].account), .account(manyAccountRegions[3].account), .source("nozomi"),
        ]
        return scopes[pick(0...3)]
    }

    private mutating func append() async throws {
        let one = delivery(
            pick(0...25), of: manyAccountRegions[pick(0...3)], source: [nil, nil, "nozomi", "xdome"][pick(0...3)],
            at: now + pick(0...20), payload: [1, 2])
        let outcome = try await store.append(one)
        #expect(outcome == model.append(one), "seed \(seed)")
    }

    private mutating func lease() async throws {
        let limit = pick(1...6)
        let batch = try await store.lease(
            limit: limit, for: .milliseconds(pick(1...100)), owner: "worker", now: now)
        #expect(model.mayLease(batch.deliveries, limit: limit, now: now), "seed \(seed)")
        model.lease(batch.deliveries)
        #expect(batch.nextReadyAt == model.nextReadyAt, "seed \(seed)")
        leases += batch.deliveries.map(\.lease)
    }

    private mutating func endALease() async throws {
        guard let lease = leases.randomElement(using: &random) else { return }
        let entries = randomEntries()
        let readyAt = now + pick(-10...60)
        let (store, now) = (store, now)
        let expected = model.holds(lease) ? nil : StoreError.Code.leaseLost
        let actual: StoreError.Code?
        switch pick(0...4) {
        case 0, 1:
            actual = await failure { try await store.complete(lease, recording: entries, now: now) }
            model.complete(lease, recording: entries, now: now)
        case 2:
            actual = await failure { try await store.retry(lease, at: readyAt, reason: "later", now: now) }
            model.retry(lease, at: readyAt, now: now)
        case 3:
            actual = await failure { try await store.deadLetter(lease, reason: "never", now: now) }
            model.deadLetter(lease, reason: "never", now: now)
        default:
            actual = await failure { try await store.record(LedgerUpdate(entries: entries), under: lease) }
            model.record(entries, under: lease)
        }
        #expect(actual == expected, "seed \(seed)")
    }

    private mutating func randomEntries() -> [LedgerEntry] {
        (0..<pick(0...2)).map { _ in
            entry(
                "finding-\(pick(0...7))", updatedAt: now, condition: pick(0...1) == 0 ? .present : .over,
                recordState: pick(0...1) == 0 ? .active : .archived,
                finding: [UInt8(pick(0...255))])
        }
    }

    private mutating func release() async throws {
        let some = Array(leases.shuffled(using: &random).prefix(pick(0...3)))
        try await store.release(some)
        model.release(some)
    }

    private mutating func extend() async throws {
        guard let lease = leases.randomElement(using: &random) else { return }
        let span = pick(1...100)
        let (store, now) = (store, now)
        let expected = model.holds(lease) ? nil : StoreError.Code.leaseLost
        let actual = await failure { _ = try await store.extend(lease, for: .milliseconds(span), now: now) }
        #expect(actual == expected, "seed \(seed)")
        model.extend(lease, until: now + span)
    }

    private mutating func changeDeadLetters() async throws {
        let ids = (0..<6).map { _ in "sns:\(pick(0...25))" }
        if pick(0...1) == 0 {
            let count = try await store.requeueDeadLetters(ids: ids)
            #expect(count == model.requeue(ids), "seed \(seed)")
        } else {
            let count = try await store.discardDeadLetters(ids: ids)
            #expect(count == model.discard(ids), "seed \(seed)")
        }
    }

    private mutating func purge() async throws {
        let time = now - pick(0...200)
        let deliveries = try await store.purge(completedBefore: time)
        #expect(deliveries == model.purge(completedBefore: time), "seed \(seed)")
        let entries = try await store.purgeLedger(archivedBefore: time)
        #expect(entries == model.purgeLedger(archivedBefore: time), "seed \(seed)")
    }

    private mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
}
