package import AWSClient
import AWSCore
import Encoding
package import Logging
import ServiceLifecycle
package import Store
import Telemetry

/// Leases deliveries from the store and routes them to their lanes.
package actor WorkerPool: Service {
    private let store: any Store
    private let accounts: AccountClients
    private let trust: ClockTrust
    private let circuitBreakers: CircuitBreakers
    private let completer: DeliveryCompleter
    private let outage: StoreOutageTracker
    private let metrics: ProcessingMetrics
    private let clock: AWSClock
    private let logger: Logger
    private let owner: String
    private let grace: Duration
    private let leases: LeaseKeeper
    private let ledgers: LedgerPreparation
    private let router: LaneRouter
    /// The pauses that the last lease returned.
    private var pauses: [Pause] = []

    /// The most deliveries of one lease request.
    static let leaseLimit = 500
    /// The longest time between polls of the store.
    private static let longestWait = Duration.seconds(30)

    /// Creates a pool.
    ///
    /// - Parameters:
    ///   - processors: creates the processors of the lanes.
    ///   - clock: the executor and the clock of the workers.
    ///   - jitter: returns random numbers from 0 to 1, for delays.
    ///   - owner: the name of this replica in leases, for operators.
    ///   - grace: how long processing may continue after shutdown begins.
    package init(
        store: any Store, processors: DeliveryProcessors, completer: DeliveryCompleter,
        circuitBreakers: CircuitBreakers, trust: ClockTrust, outage: StoreOutageTracker, metrics: ProcessingMetrics,
        clock: AWSClock, jitter: @escaping @Sendable () -> Double, logger: Logger, owner: String,
        grace: Duration = .seconds(4)
    ) {
        self.store = store
        accounts = processors.accounts
        self.trust = trust
        self.circuitBreakers = circuitBreakers
        self.completer = completer
        self.outage = outage
        self.metrics = metrics
        self.clock = clock
        self.logger = logger
        self.owner = owner
        self.grace = grace
        leases = LeaseKeeper(queue: store, unstored: completer.unstored, clock: clock, logger: logger)
        ledgers = LedgerPreparation(
            store: store, accounts: accounts, trust: trust, circuitBreakers: circuitBreakers, clock: clock,
            jitter: jitter, capacity: leases.capacity, logger: logger)
        router = LaneRouter(
            processors: processors, completer: completer, circuitBreakers: circuitBreakers, leases: leases,
            clock: clock)
    }

    /// Processes deliveries until shutdown. Then it releases waiting deliveries, and lets those in progress continue
    /// for the grace period.
    package func run() async {
        let extending = Task(executorPreference: clock.executor) { [leases] in await leases.extendRegularly() }
        let watching = Task(executorPreference: clock.executor) { await self.watchHeartbeat() }
        await cancelWhenGracefulShutdown { await self.leaseUntilCanceled() }
        await ledgers.stop()
        await router.shutDown(grace: grace)
        extending.cancel()
        watching.cancel()
        await watching.value
        await extending.value
    }

    // MARK: Leasing

    private func leaseUntilCanceled() async {
        // If the store is unavailable, nothing is leased, and the clock is checked later.
        try? await trust.check(with: store)
        while !Task.isCancelled {
            let mark = leases.capacity.mark
            let suspended = circuitBreakers.suspended()
            let excluded = await leases.full.union(ledgers.inProgress).union(suspended.lanes)
            await leases.extendAfterClockJump()
            do throws(StoreError) {
                let batch = try await store.lease(
                    limit: Self.leaseLimit, for: DeliveryCompleter.leaseDuration, owner: owner, now: clock.now(),
                    excluding: excluded)
                guard !batch.deliveries.isEmpty || store.canProcess else {
                    outage.failed("The replica's heartbeat cannot be written.", to: .work)
                    try? await clock.sleep(.seconds(1))
                    continue
                }
                outage.succeeded(in: .work)
                record(batch)
                await applyPauses(batch.pauses)
                for lane in batch.acquired { accounts.takeOver(lane.accountRegion) }
                try await route(batch.deliveries)
                if batch.deliveries.isEmpty {
                    await waitForWork(batch, orCapacityAfter: mark, orProbeAfter: suspended.probeAfter)
                }
            } catch {
                outage.failed(error.message, to: .work)
                try? await clock.sleep(.seconds(1))
            }
        }
    }

    private func record(_ batch: LeaseBatch) {
        metrics.leased(batch)
        completer.recordLeases(batch.deliveries)
    }

    /// Routes the deliveries whose ledger is complete, and releases the others. If the store fails, all are released as
    /// soon as it is available.
    private func route(_ deliveries: [LeasedDelivery]) async throws(StoreError) {
        do throws(StoreError) {
            let prepared = try await ledgers.prepare(Set(deliveries.map(\.delivery.lane)))
            let others = deliveries.filter { !prepared.contains($0.delivery.lane) }
            if !others.isEmpty {
                try await store.release(others.map(\.lease))
                completer.recordReleases(others, because: "the ledger is being rebuilt")
            }
            await router.route(deliveries.filter { prepared.contains($0.delivery.lane) })
        } catch {
            for leased in deliveries { completer.unstored.add(leased.lease) }
            throw error
        }
    }

    /// Waits until there may be deliveries to lease: one arrived, a retry or a probe is due, or capacity was freed.
    private func waitForWork(
        _ batch: LeaseBatch, orCapacityAfter mark: WorkMark, orProbeAfter probe: Duration?
    ) async {
        let retry = batch.nextReadyAt.map { $0 - clock.now() }
        // Polling finds deliveries that another process has released.
        let delay = min(
            max([retry, probe].compactMap(\.self).min() ?? Self.longestWait, .milliseconds(1)), Self.longestWait)
        await withTaskGroup { [store, clock, leases] group in
            group.addTask { await store.waitForWork(after: batch.mark) }
            group.addTask { try? await clock.sleep(delay) }
            group.addTask { await leases.capacity.wait(after: mark) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Stops processing when the heartbeat is overdue, because other replicas may have taken over the leased
    /// deliveries. Also releases leases that could not be released before.
    private func watchHeartbeat() async {
        var canProcess = true
        while (try? await clock.sleep(.seconds(1))) != nil {
            await leases.releaseUnstored()
            defer { canProcess = store.canProcess }
            guard canProcess, !store.canProcess, await !leases.isEmpty else { continue }
            logger.log(.heartbeatExpired)
            await router.cancelAndRelease()
        }
    }

    // MARK: Pauses

    /// Cancels processing of paused accounts and sources, and releases their deliveries.
    private func applyPauses(_ present: [Pause]) async {
        guard present != pauses else { return }
        let (begun, ended) = (Set(present).subtracting(pauses), Set(pauses).subtracting(present))
        pauses = present
        for pause in ended where !present.contains(where: { $0.scope == pause.scope }) {
            logger.log(.processingResumed, Self.fields(of: pause.scope))
        }
        for pause in present where begun.contains(pause) {
            var fields = Self.fields(of: pause.scope)
            fields.add([.by: .string(pause.pausedBy), .reason: .string(pause.reason ?? "")])
            logger.log(.processingPaused, fields)
        }
        await router.stop(for: Array(begun))
    }

    private static func fields(of scope: Pause.Scope) -> LogFields {
        switch scope {
        case .all: [.account: "all"]
        case .account(let account): [.account: .string(account.digits)]
        case .source(let source): [.source: .string(source)]
        }
    }
}
