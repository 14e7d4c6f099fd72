package import AWSClient
import AWSCore
import DeviceDefender
import Encoding
package import EventLoop
import Logging
import Planning
import ServiceLifecycle
import Store
import Telemetry

/// Leases deliveries from the store and distributes them to the lanes of their accounts and Regions.
package actor WorkerPool: Service {
    private struct LaneKey: Hashable {
        let accountRegion: AccountRegion
        let kind: DeliveryCommand.Kind
    }

    private let context: FindingWriter
    private let accounts: AccountClients
    private let clock: AWSClock
    private let settings: Reloadable<ProcessingSettings>
    private let owner: String
    private let grace: Duration
    private var lanes: [LaneKey: SerialLane] = [:]
    private var senders: [AccountRegion: FindingSender] = [:]
    /// The accounts and Regions whose ledger is complete, or cannot be rebuilt.
    private var prepared: Set<AccountRegion> = []
    /// The accounts and Regions for which AWS's time was requested while no reliable time was known.
    private var timeRequested: Set<AccountRegion> = []
    /// The accounts and Regions whose ledger is being rebuilt. None of their deliveries is leased meanwhile.
    private var preparations: [AccountRegion: Task<Void, Never>] = [:]
    /// The leases of the deliveries in the lanes, by account and Region, and delivery id.
    private var held: [AccountRegion: [String: Lease]] = [:]
    /// The clock and the monotonic time of the last poll of the store.
    private var lastPoll: (now: Int64, elapsed: Int64)?
    /// The pauses that the last lease returned.
    private var pauses: [Pause] = []
    /// How often capacity was freed for an account and Region.
    private var freedCapacityCount: UInt64 = 0
    private var capacityWaiter: CheckedContinuation<Void, Never>?

    /// The number of deliveries of one account and Region in the lanes at which no more are leased for it. Each has its
    /// own limit, so that a slow or failing Security Hub does not delay the others.
    package static let capacity = 500
    /// The most deliveries of one lease request.
    static let leaseLimit = 500
    /// How long a lease lasts unless it is extended. A crashed bridge holds its deliveries no longer.
    static let leaseDuration = Duration.seconds(60)
    private static let extensionInterval = Duration.seconds(20)
    /// The longest time between polls of the store.
    private static let longestWait = Duration.seconds(30)

    /// - Parameters:
    ///   - clock: the executor and the clock of the workers.
    ///   - owner: the name of this replica in leases, for operators.
    ///   - grace: how long processing may continue after shutdown begins.
    package init(
        context: FindingWriter, accounts: AccountClients, clock: AWSClock,
        settings: Reloadable<ProcessingSettings>,
        owner: String, grace: Duration = .seconds(4)
    ) {
        self.context = context
        self.accounts = accounts
        self.clock = clock
        self.settings = settings
        self.owner = owner
        self.grace = grace
    }

    /// Processes deliveries until shutdown. Then it releases waiting deliveries, and lets those in progress continue
    /// for the grace period.
    package func run() async {
        let extending = Task(executorPreference: clock.executor) { await self.extendLeases() }
        let watching = Task(executorPreference: clock.executor) { await self.watchHeartbeat() }
        await cancelWhenGracefulShutdown { await self.leaseUntilCanceled() }
        for preparation in preparations.values { preparation.cancel() }
        for preparation in preparations.values { await preparation.value }
        let lanes = Array(lanes)
        for (key, lane) in lanes { await release(lane.stop(), of: key.accountRegion) }
        let timeout = Task(executorPreference: clock.executor) { [clock, grace] in
            try await clock.sleep(grace)
            for (_, lane) in lanes { await lane.cancel() }
        }
        for (_, lane) in lanes { await lane.drain() }
        timeout.cancel()
        extending.cancel()
        watching.cancel()
        await watching.value
        _ = await timeout.result
        await extending.value
    }

    // MARK: Leasing

    private func leaseUntilCanceled() async {
        // If the store is unavailable, nothing is leased, and the clock is checked later.
        try? await context.trust.check(with: context.store)
        while !Task.isCancelled {
            let freedCapacityCount = freedCapacityCount
            let suspended = context.circuitBreakers.suspended(now: context.elapsed())
            let full = Set(held.filter { $0.value.count >= Self.capacity }.keys).union(preparations.keys)
                .union(suspended.accountRegions)
            await extendLeasesAfterClockJump()
            do throws(StoreError) {
                let batch = try await context.store.lease(
                    limit: Self.leaseLimit, for: Self.leaseDuration, owner: owner, now: context.clock(),
                    excluding: full)
                guard !batch.deliveries.isEmpty || context.store.canProcess else {
                    context.outage.failed("The replica's heartbeat cannot be written.", to: .work)
                    try? await clock.sleep(.seconds(1))
                    continue
                }
                context.outage.succeeded(in: .work)
                record(batch)
                await applyPauses(batch.pauses)
                for accountRegion in batch.acquired { accounts.takeOver(accountRegion) }
                await distribute(try await preparedDeliveriesOrRelease(batch.deliveries))
                if batch.deliveries.isEmpty {
                    await waitForWork(batch, orCapacityAfter: freedCapacityCount, orUntil: suspended.until)
                }
            } catch {
                context.outage.failed(error.message, to: .work)
                try? await clock.sleep(.seconds(1))
            }
        }
    }

    private func record(_ batch: LeaseBatch) {
        context.metrics.leased(batch)
        for leased in batch.deliveries { context.logger.log(.deliveryLeased, .about(leased)) }
    }

    /// Waits until there may be deliveries to lease: one arrived, a retry is due, or capacity was freed.
    private func waitForWork(
        _ batch: LeaseBatch, orCapacityAfter freedCapacityCount: UInt64, orUntil time: Int64?
    ) async {
        let (store, clock) = (context.store, clock)
        // Polling finds deliveries that another process has released.
        let waits = [
            batch.nextReadyAt.map { $0.saturatingSubtracting(context.clock()) },
            time.map { $0.saturatingSubtracting(context.elapsed()) },
        ]
        let delay =
            waits.compactMap(\.self).min().map { Duration.milliseconds(max($0, 1)) } ?? Self.longestWait
        await withTaskGroup { group in
            group.addTask { await store.waitForWork(after: batch.mark) }
            group.addTask { try? await clock.sleep(min(delay, Self.longestWait)) }
            group.addTask { await self.waitForCapacity(after: freedCapacityCount) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForCapacity(after count: UInt64) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A task is marked as canceled before its handler runs. If that is not visible here, the handler finds
                // the waiter.
                if Task.isCancelled || freedCapacityCount != count {
                    continuation.resume()
                } else {
                    capacityWaiter = continuation
                }
            }
        } onCancel: {
            Task(executorPreference: clock.executor) { await self.wakeCapacityWaiter() }
        }
    }

    private func wakeCapacityWaiter() {
        capacityWaiter?.resume()
        capacityWaiter = nil
    }

    private func extendLeases() async {
        while (try? await clock.sleep(Self.extensionInterval)) != nil { await extendHeld() }
    }

    private func extendHeld() async {
        let leases = held.values.flatMap(\.values)
        func notExtended(_ lease: Lease, _ error: StoreError) {
            // A lost or completed lease is also rejected when its outcome is stored.
            context.logger.log(.leaseNotExtended, [.delivery: .string(lease.deliveryID), .reason: "\(error)"])
        }
        do throws(StoreError) {
            let extended = try await context.store.extend(leases, for: Self.leaseDuration, now: context.clock())
            for (lease, new) in zip(leases, extended) where new == nil { notExtended(lease, .leaseLost(lease)) }
        } catch {
            for lease in leases { notExtended(lease, error) }
        }
    }

    /// Extends the leases if the clock was set forward. Otherwise this process would consider its own leases expired.
    private func extendLeasesAfterClockJump() async {
        let (now, elapsed) = (context.clock(), context.elapsed())
        let last = lastPoll ?? (now, elapsed)
        lastPoll = (now, elapsed)
        let passed = elapsed.saturatingSubtracting(last.elapsed)
        let jump = now.saturatingSubtracting(last.now.saturatingAdding(passed))
        if jump >= Self.extensionInterval.milliseconds { await extendHeld() }
    }

    /// Stops processing when the heartbeat is overdue, because other replicas may have taken over the leased
    /// deliveries. Also releases leases that could not be released before.
    private func watchHeartbeat() async {
        var canProcess = true
        while (try? await clock.sleep(.seconds(1))) != nil {
            try? await context.unstored.release(to: context.store)
            defer { canProcess = context.store.canProcess }
            guard canProcess, !context.store.canProcess, !held.isEmpty else { continue }
            context.logger.log(.heartbeatExpired)
            for (_, lane) in lanes { await lane.cancel() }
            for (key, lane) in lanes { await release(lane.removeAll(), of: key.accountRegion) }
        }
    }

    private func release(_ leases: [Lease], of accountRegion: AccountRegion) async {
        discard(leases, of: accountRegion)
        // Until the leases expire, their deliveries would wait although the store may be available again.
        if let error = await context.unstored.release(leases, to: context.store) {
            context.logger.log(.leasesNotReleased, [.reason: "\(error)"])
        }
    }

    private func discard(_ leases: [Lease], of accountRegion: AccountRegion) {
        var rest = held[accountRegion, default: [:]]
        let wasFull = rest.count >= Self.capacity
        // A delivery whose lease expired may be here again, under a valid lease.
        for lease in leases where rest[lease.deliveryID] == lease { rest[lease.deliveryID] = nil }
        held[accountRegion] = rest.isEmpty ? nil : rest
        if wasFull, rest.count < Self.capacity { recordFreedCapacity() }
    }

    // MARK: Pauses

    /// Cancels processing of paused accounts, and releases their deliveries.
    private func applyPauses(_ present: [Pause]) async {
        guard present != pauses else { return }
        let (begun, ended) = (Set(present).subtracting(pauses), Set(pauses).subtracting(present))
        pauses = present
        for pause in ended where !present.contains(where: { $0.account == pause.account }) {
            context.logger.log(.processingResumed, [.account: Self.account(pause)])
        }
        for pause in present where begun.contains(pause) {
            context.logger.log(
                .processingPaused,
                [
                    .account: Self.account(pause), .by: .string(pause.pausedBy), .reason: .string(pause.reason ?? ""),
                ])
        }
        for (key, lane) in lanes where begun.contains(where: { $0.applies(to: key.accountRegion) }) {
            await release(lane.stop(), of: key.accountRegion)
            await lane.cancel()
        }
    }

    private static func account(_ pause: Pause) -> LogValue { .string(pause.account?.digits ?? "all") }

    // MARK: Ledgers

    /// Like ``preparedDeliveries(_:)``. If the store fails, all deliveries are released as soon as it is available.
    private func preparedDeliveriesOrRelease(_ deliveries: [LeasedDelivery]) async throws(StoreError)
        -> [LeasedDelivery]
    {
        do throws(StoreError) {
            return try await preparedDeliveries(deliveries)
        } catch {
            for leased in deliveries { context.unstored.add(leased.lease) }
            throw error
        }
    }

    /// Returns the deliveries whose ledger is complete. Releases the others, and starts to rebuild their ledgers.
    private func preparedDeliveries(_ deliveries: [LeasedDelivery]) async throws(StoreError) -> [LeasedDelivery] {
        // Changes that are dated by a wrong clock stay wrong, so AWS's time is requested first.
        let isTimeKnown = context.trust.trustedTime != nil
        if isTimeKnown { timeRequested = [] } else { prepared.formIntersection(timeRequested) }
        let unknown = Set(deliveries.map(\.delivery.accountRegion)).subtracting(prepared)
        guard !unknown.isEmpty else { return deliveries }
        let complete = Set(try await context.store.ledgerAccountRegions())
        prepared.formUnion(isTimeKnown ? complete : complete.intersection(timeRequested))
        for accountRegion in unknown.subtracting(prepared) where preparations[accountRegion] == nil {
            preparations[accountRegion] = Task(executorPreference: clock.executor) {
                await self.prepare(accountRegion, isComplete: complete.contains(accountRegion))
            }
        }
        // More may become prepared while the others are released.
        let ready = deliveries.filter { prepared.contains($0.delivery.accountRegion) }
        let others = deliveries.filter { !prepared.contains($0.delivery.accountRegion) }
        try await context.store.release(others.map(\.lease))
        return ready
    }

    /// - Parameter isComplete: whether the ledger is complete, so that only AWS's time is needed.
    private func prepare(_ accountRegion: AccountRegion, isComplete: Bool) async {
        let rebuild = LedgerRebuilder(
            accountRegion: accountRegion, store: context.store, client: accounts.client(for: accountRegion),
            clock: context.clock)
        var attempt = 1
        while !Task.isCancelled {
            do {
                if context.trust.trustedTime == nil {
                    try await accounts.client(for: accountRegion).fetchServiceTime(region: accountRegion.region)
                }
                let count = isComplete ? LedgerRebuilder.Count() : try await rebuild.rebuild()
                context.circuitBreakers.recordSuccess(accountRegion)
                if count.restored > 0 {
                    context.logger.log(.ledgerRebuilt, .about(accountRegion, [.findings: .integer(count.restored)]))
                }
                if count.unread > 0 {
                    context.logger.log(
                        .ledgerRebuiltIncompletely,
                        .about(
                            accountRegion,
                            [.count: .integer(count.unread), .finding: .string(count.firstUnread ?? "")]))
                }
                break
            } catch {
                guard !Task.isCancelled else { break }
                guard await shouldRetryRebuild(error, accountRegion, attempt) else { break }
                attempt += 1
            }
        }
        preparations[accountRegion] = nil
        prepared.insert(accountRegion)
        timeRequested.insert(accountRegion)
        recordFreedCapacity()
    }

    /// Handles a failed rebuild of a ledger. Waits before the next attempt.
    ///
    /// - Returns: whether to try again; false if processing continues without a complete ledger.
    private func shouldRetryRebuild(_ error: any Error, _ accountRegion: AccountRegion, _ attempt: Int) async -> Bool {
        let failure = error as? AWSError
        // Findings can be imported without permission to read them, but not without credentials.
        let isReadDenied =
            failure.map { failure in
                failure.stage == .response && [.accessDenied, .invalid, .notFound].contains(failure.kind)
            } ?? false
        guard !isReadDenied else {
            context.logger.log(.ledgerRebuildFailed, .about(accountRegion, [.reason: "\(error)"]))
            return false
        }
        var delay = RetryBackoff.delay(afterAttempt: attempt, jitter: context.jitter())
        if let failure, failure.consequence == .suspend {
            context.circuitBreakers.recordFailure(failure, accountRegion)
            delay = min(delay, .seconds(60))
        }
        context.logger.log(
            .ledgerRebuildRetryScheduled, .about(accountRegion, [.reason: "\(error)", .retryIn: "\(delay)"]))
        return (try? await clock.sleep(delay)) != nil
    }

    // MARK: Lanes

    private func distribute(_ deliveries: [LeasedDelivery]) async {
        var items: [LaneKey: [SerialLane.Item]] = [:]
        var rejected: [(leased: LeasedDelivery, reason: String)] = []
        let severities = settings.value.mapping.severities
        for leased in deliveries {
            do throws(UnrecognizedMessageError) {
                let command = try DeliveryCommand(leased.delivery, severities: severities)
                let key = LaneKey(accountRegion: leased.delivery.accountRegion, kind: command.kind)
                items[key, default: []].append((leased, command))
            } catch {
                rejected.append((leased, error.reason))
            }
        }
        for (key, items) in items {
            for item in items {
                held[key.accountRegion, default: [:]][item.leased.lease.deliveryID] = item.leased.lease
            }
            await lane(key).add(items)
        }
        await context.finish(
            rejected.map { leased, reason in
                FindingWriter.DeliveryOutcome(
                    leased: leased, subject: .unknown, outcome: .rejected(reason), deadLetter: .notUnderstood)
            })
    }

    private func lane(_ key: LaneKey) -> SerialLane {
        if let lane = lanes[key] { return lane }
        let sender = sender(key.accountRegion)
        let process: @Sendable ([SerialLane.Item]) async -> Void
        switch key.kind {
        case .audits:
            let client = accounts.client(for: key.accountRegion)
            process = { [context, settings] items in
                let audits = AuditProcessor(
                    accountRegion: key.accountRegion, context: context, sender: sender, client: client,
                    mapping: settings.value.mapping)
                await audits.process(items)
            }
        case .alarms:
            let alarms = AlarmProcessor(accountRegion: key.accountRegion, context: context, sender: sender)
            process = { await alarms.process($0) }
        case .catchUp:
            let catchUps = CatchUpProcessor(
                accountRegion: key.accountRegion, context: context, client: accounts.client(for: key.accountRegion))
            process = { await catchUps.process($0) }
        }
        let client = accounts.client(for: key.accountRegion)
        let linger = BatchLinger { client.hasImportHeadroom(region: key.accountRegion.region) }
        let lane = SerialLane(
            by: clock, batchLimit: key.kind == .alarms ? 1000 : 1, linger: key.kind == .alarms ? linger : nil,
            policy: policy(key.accountRegion), process: process
        ) { [weak self] leases in
            await self?.discard(leases, of: key.accountRegion)
        }
        lanes[key] = lane
        return lane
    }

    /// The policy of an account and Region's lanes: its circuit breaker.
    private func policy(_ accountRegion: AccountRegion) -> LanePolicy {
        let (circuitBreakers, clock) = (context.circuitBreakers, clock)
        return LanePolicy {
            circuitBreakers.allow(accountRegion)
        } endProbe: { [weak self] in
            circuitBreakers.endProbe(accountRegion)
            Task(executorPreference: clock.executor) { await self?.recordFreedCapacity() }
        } release: { [weak self] leases in
            await self?.release(leases, of: accountRegion)
        }
    }

    /// Wakes the worker to poll the store, because an account and Region may accept deliveries again.
    private func recordFreedCapacity() {
        freedCapacityCount += 1
        wakeCapacityWaiter()
    }

    private func sender(_ accountRegion: AccountRegion) -> FindingSender {
        if let sender = senders[accountRegion] { return sender }
        let sender = FindingSender(
            accountRegion: accountRegion, client: accounts.client(for: accountRegion), metrics: context.metrics,
            circuitBreakers: context.circuitBreakers, canProcess: { [store = context.store] in store.canProcess })
        senders[accountRegion] = sender
        return sender
    }
}
