import AWSClient
import EventLoop
import Fixtures
import Store
import Synchronization
import Testing

@testable import Processing

/// A processor that runs a closure.
private struct ScriptedProcessor: DeliveryProcessor {
    let body: @Sendable ([LeasedCommand]) async -> Void

    func process(_ items: [LeasedCommand]) async { await body(items) }
}

/// A lane whose deliveries a closure processes.
private struct ScriptedLane {
    let lane: SerialLane
    let leases: LeaseKeeper

    init(
        _ harness: ProcessingHarness, batchLimit: Int, process: @escaping @Sendable ([LeasedCommand]) async -> Void
    ) throws {
        let processing = harness.processing
        leases = LeaseKeeper(
            queue: harness.store, unstored: UnstoredOutcomes(), clock: processing.clock, logger: processing.logger)
        lane = SerialLane(
            of: DeliveryLane(try accountRegion()), processor: ScriptedProcessor(body: process), batchLimit: batchLimit,
            circuitBreakers: processing.circuitBreakers, leases: leases, clock: processing.clock,
            executor: processing.clock.executor)
    }
}

@Suite struct SerialLaneTests {
    @Test("A stopped lane finishes the batch in progress and releases the waiting deliveries")
    func stop() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<5 {
                _ = try await harness.store.append(delivery("\(number)", Messages.alarm(), of: accountRegion()))
            }
            let items = try await harness.leaseReady()
            let performed = Mutex<[String]>([])
            let (recorder, names) = (harness.recorder, items.map(\.leased.delivery.id))
            let scripted = try ScriptedLane(harness, batchLimit: 2) { items in
                performed.withLock { $0 += items.map(\.leased.delivery.id) }
                recorder.record("in progress")
                await recorder.wait(for: "continue", count: 1)
            }
            let lane = scripted.lane
            await scripted.leases.hold(items.map(\.leased.lease), of: DeliveryLane(try accountRegion()))
            await lane.add(items)
            await recorder.wait(for: "in progress", count: 1)
            await lane.stop()
            #expect(try await harness.leaseReady().map(\.leased.delivery.id) == Array(names[2...]))
            #expect(await !scripted.leases.isEmpty)
            recorder.record("continue")
            await lane.drain()
            #expect(performed.withLock { $0 } == Array(names[..<2]))
            #expect(await scripted.leases.isEmpty)
        }
    }

    @Test("A lane never processes two batches concurrently, whatever is added meanwhile")
    func serial() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<9 {
                _ = try await harness.store.append(delivery("\(number)", Messages.alarm(), of: accountRegion()))
            }
            let items = try await harness.leaseReady()
            let running = Atomic(0)
            let overlaps = Atomic(0)
            let order = Mutex<[String]>([])
            let lane = try ScriptedLane(harness, batchLimit: 1) { items in
                if running.add(1, ordering: .sequentiallyConsistent).newValue > 1 {
                    overlaps.add(1, ordering: .sequentiallyConsistent)
                }
                order.withLock { $0 += items.map(\.leased.delivery.id) }
                for _ in 0..<5 { await Task.yield() }
                running.subtract(1, ordering: .sequentiallyConsistent)
            }.lane
            for item in items { await lane.add([item]) }
            await lane.drain()
            #expect(overlaps.load(ordering: .sequentiallyConsistent) == 0)
            #expect(order.withLock { $0 } == items.map(\.leased.delivery.id))
        }
    }

    @Test("Deliveries that are added after a cancellation are processed")
    func addedAfterCancel() async throws {
        try await ProcessingHarness.run { harness in
            for number in 0..<3 {
                _ = try await harness.store.append(delivery("\(number)", Messages.alarm(), of: accountRegion()))
            }
            let items = try await harness.leaseReady()
            let canceled = Mutex<[Bool]>([])
            let (recorder, loop) = (harness.recorder, harness.loop)
            let lane = try ScriptedLane(harness, batchLimit: 1) { _ in
                recorder.record("in progress")
                if recorder.count("in progress") == 1 { try? await loop.sleep(for: .seconds(3600)) }
                canceled.withLock { $0.append(Task.isCancelled) }
                recorder.record("ended")
            }.lane
            await lane.add([items[0]])
            await recorder.wait(for: "in progress", count: 1)
            await lane.cancel()
            await lane.add(Array(items[1...]))
            await recorder.wait(for: "ended", count: 3)
            #expect(canceled.withLock { $0 } == [true, false, false])
        }
    }
}
