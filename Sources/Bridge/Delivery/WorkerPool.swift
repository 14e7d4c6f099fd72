import AWSClient
import AWSCore
import DeviceDefender
import EventLoop
import Logging
import ServiceLifecycle
import Store

/// Leases deliveries from the store and puts them into the lanes of their accounts and Regions.
actor WorkerPool: Service {
    private struct LaneName: Hashable {
        let origin: Origin
        let isAudit: Bool
    }

    private let context: LaneContext
    private let client: AWSClient
    private let loop: EventLoop
    private let configuration: BridgeConfiguration
    private let owner: String
    private var lanes: [LaneName: Lane] = [:]
    private var senders: [Origin: FindingSender] = [:]
    /// The leases of the deliveries in the lanes, by delivery.
    private var held: [String: Lease] = [:]
    private var roomWaiter: CheckedContinuation<Void, Never>?

    /// How many deliveries may be in the lanes: what is not leased here stays for others.
    private static let capacity = 2000
    /// How long a lease lasts without being extended: a bridge that dies holds its deliveries no longer.
    private static let leaseDuration = Duration.seconds(60)
    private static let extensionInterval = Duration.seconds(20)
    /// How long work that is under way may go on when the bridge stops.
    private static let grace = Duration.seconds(4)

    init(
        context: LaneContext, client: AWSClient, loop: EventLoop, configuration: BridgeConfiguration, owner: String
    ) {
        self.context = context
        self.client = client
        self.loop = loop
        self.configuration = configuration
        self.owner = owner
    }

    /// Works until the bridge stops; then gives back what waits, and gives what is under way some seconds to end.
    func run() async {
        let extending = Task(executorPreference: loop) { await self.extendLeases() }
        await cancelWhenGracefulShutdown { await self.leaseUntilCanceled() }
        let lanes = Array(lanes.values)
        for lane in lanes { await giveBack(lane.stop()) }
        let timeout = Task { [loop] in
            try await loop.sleep(for: Self.grace)
            for lane in lanes { await lane.cancel() }
        }
        for lane in lanes { await lane.drain() }
        timeout.cancel()
        extending.cancel()
        _ = await timeout.result
        await extending.value
    }

    // MARK: Leasing

    private func leaseUntilCanceled() async {
        while !Task.isCancelled {
            await waitForRoom()
            do throws(StoreError) {
                let limit = min(1000, Self.capacity - held.count)
                guard limit > 0 else { continue }
                let batch = try await context.store.lease(
                    limit: limit, for: Self.leaseDuration, owner: owner, now: context.clock())
                await distribute(batch.deliveries)
                if batch.deliveries.isEmpty { await waitForWork(batch) }
            } catch {
                context.logger.error("No deliveries could be leased from the store.", metadata: ["reason": "\(error)"])
                try? await loop.sleep(for: .seconds(1))
            }
        }
    }

    private func waitForRoom() async {
        guard held.count >= Self.capacity else { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { roomWaiter = continuation }
            }
        } onCancel: {
            Task { await self.endWaitForRoom() }
        }
    }

    private func endWaitForRoom() {
        roomWaiter?.resume()
        roomWaiter = nil
    }

    private func waitForWork(_ batch: LeaseBatch) async {
        let (store, loop) = (context.store, loop)
        // Looking now and then finds what another process has put back.
        let delay = batch.nextReadyAt.map { Duration.milliseconds(max($0 - context.clock(), 1)) } ?? .seconds(30)
        await withTaskGroup { group in
            group.addTask { await store.waitForWork(after: batch.mark) }
            group.addTask { try? await loop.sleep(for: min(delay, .seconds(30))) }
            await group.next()
            group.cancelAll()
        }
    }

    private func extendLeases() async {
        while (try? await loop.sleep(for: Self.extensionInterval)) != nil {
            for lease in held.values {
                do throws(StoreError) {
                    _ = try await context.store.extend(lease, for: Self.leaseDuration, now: context.clock())
                } catch {
                    // One that is lost or done with is refused where its outcome is written, too.
                    context.logger.debug(
                        "A lease was not extended.",
                        metadata: ["delivery": "\(lease.deliveryID)", "reason": "\(error)"])
                }
            }
        }
    }

    private func giveBack(_ leases: [Lease]) async {
        release(leases)
        do throws(StoreError) {
            try await context.store.release(leases)
        } catch {
            context.logger.warning(
                "Leases were not given back; they end by themselves.", metadata: ["reason": "\(error)"])
        }
    }

    private func release(_ leases: [Lease]) {
        for lease in leases { held[lease.deliveryID] = nil }
        endWaitForRoom()
    }

    // MARK: Lanes

    private func distribute(_ deliveries: [LeasedDelivery]) async {
        var items: [LaneName: [Lane.Item]] = [:]
        for leased in deliveries {
            do throws(UnrecognizedMessage) {
                let work = try Work(leased.delivery)
                items[LaneName(origin: leased.delivery.origin, isAudit: work.isAudit), default: []].append(
                    (leased, work))
            } catch {
                await context.finish(leased, .refused(error.reason))
            }
        }
        for (name, items) in items {
            for item in items { held[item.leased.lease.deliveryID] = item.leased.lease }
            await lane(name).add(items)
        }
    }

    private func lane(_ name: LaneName) -> Lane {
        if let lane = lanes[name] { return lane }
        let sender = sender(name.origin)
        let perform: @Sendable ([Lane.Item]) async -> Void
        if name.isAudit {
            let audits = AuditLane(
                origin: name.origin, context: context, sender: sender, client: client,
                checkSummaries: configuration.checkSummaries)
            perform = { items in
                for case (let leased, .audit(let task)) in items { await audits.work(task, leased) }
            }
        } else {
            let alarms = AlarmLane(origin: name.origin, context: context, sender: sender)
            perform = { await alarms.work($0) }
        }
        let lane = Lane(on: loop, atOnce: name.isAudit ? 1 : 1000, perform: perform) { [weak self] leases in
            await self?.release(leases)
        }
        lanes[name] = lane
        return lane
    }

    private func sender(_ origin: Origin) -> FindingSender {
        if let sender = senders[origin] { return sender }
        let bucket = TokenBucket(rate: configuration.importsPerSecond, burst: configuration.importBurst)
        let sender = FindingSender(origin: origin, client: client, loop: loop, bucket: bucket, metrics: context.metrics)
        senders[origin] = sender
        return sender
    }
}
