import AWSClient
import AWSCore
import Logging
import Store
import Telemetry

/// Rebuilds the ledgers of accounts and Regions before their first deliveries are processed, and requests AWS's time.
actor LedgerPreparation {
    private let store: any Store
    private let accounts: AccountClients
    private let trust: ClockTrust
    private let circuitBreakers: CircuitBreakers
    private let clock: AWSClock
    private let jitter: @Sendable () -> Double
    private let logger: Logger
    private let capacity: WorkSignal
    /// The accounts and Regions whose ledger is complete, or cannot be rebuilt.
    private var prepared: Set<AccountRegion> = []
    /// The accounts and Regions for which AWS's time was requested while no reliable time was known.
    private var timeRequested: Set<AccountRegion> = []
    private var tasks: [AccountRegion: Task<Void, Never>] = [:]
    /// The lanes that wait for a preparation.
    private var waiting: Set<DeliveryLane> = []

    /// - Parameters:
    ///   - jitter: returns random numbers from 0 to 1, for delays.
    ///   - capacity: notified when an account and Region is prepared.
    init(
        store: any Store, accounts: AccountClients, trust: ClockTrust, circuitBreakers: CircuitBreakers,
        clock: AWSClock, jitter: @escaping @Sendable () -> Double, capacity: WorkSignal, logger: Logger
    ) {
        self.store = store
        self.accounts = accounts
        self.trust = trust
        self.circuitBreakers = circuitBreakers
        self.clock = clock
        self.jitter = jitter
        self.capacity = capacity
        self.logger = logger
    }

    /// The lanes whose ledger is being prepared. None of their deliveries is leased meanwhile.
    var inProgress: Set<DeliveryLane> { waiting.filter { tasks[$0.accountRegion] != nil } }

    /// Returns those of some lanes whose ledger is prepared, and starts to prepare the others.
    func prepare(_ lanes: Set<DeliveryLane>) async throws(StoreError) -> Set<DeliveryLane> {
        // Changes that are dated by a wrong clock stay wrong, so AWS's time is requested first.
        let isTimeKnown = trust.trustedTime != nil
        if isTimeKnown { timeRequested = [] } else { prepared.formIntersection(timeRequested) }
        let unknown = Set(lanes.map(\.accountRegion)).subtracting(prepared)
        guard !unknown.isEmpty else { return lanes }
        let complete = Set(try await store.ledgerAccountRegions())
        prepared.formUnion(isTimeKnown ? complete : complete.intersection(timeRequested))
        for accountRegion in unknown.subtracting(prepared) where tasks[accountRegion] == nil {
            let executor = accounts.client(for: accountRegion).clock.executor
            tasks[accountRegion] = Task(executorPreference: executor) {
                await self.run(accountRegion, isComplete: complete.contains(accountRegion))
            }
        }
        waiting.formUnion(lanes.filter { !prepared.contains($0.accountRegion) })
        return lanes.filter { prepared.contains($0.accountRegion) }
    }

    /// Cancels what is in progress, and waits until it has ended.
    func stop() async {
        for task in tasks.values { task.cancel() }
        for task in tasks.values { await task.value }
    }

    /// - Parameter isComplete: whether the ledger is complete, so that only AWS's time is needed.
    private func run(_ accountRegion: AccountRegion, isComplete: Bool) async {
        var attempt = 1
        while !Task.isCancelled {
            do {
                try await attemptOnce(accountRegion, isComplete: isComplete)
                break
            } catch {
                guard !Task.isCancelled, await shouldRetry(error, accountRegion, attempt) else { break }
                attempt += 1
            }
        }
        tasks[accountRegion] = nil
        waiting = waiting.filter { $0.accountRegion != accountRegion }
        prepared.insert(accountRegion)
        timeRequested.insert(accountRegion)
        capacity.notify()
    }

    private func attemptOnce(_ accountRegion: AccountRegion, isComplete: Bool) async throws {
        let client = accounts.client(for: accountRegion)
        if trust.trustedTime == nil { try await client.fetchServiceTime(region: accountRegion.region) }
        let rebuilder = LedgerRebuilder(accountRegion: accountRegion, store: store, client: client, clock: clock.now)
        let count = isComplete ? LedgerRebuilder.Count() : try await rebuilder.rebuild()
        circuitBreakers.recordSuccess(DeliveryLane(accountRegion))
        if count.restored > 0 {
            logger.log(.ledgerRebuilt, .about(accountRegion, [.findings: .integer(count.restored)]))
        }
        if count.unread > 0 {
            logger.log(
                .ledgerRebuiltIncompletely,
                .about(accountRegion, [.count: .integer(count.unread), .finding: .string(count.firstUnread ?? "")]))
        }
    }

    /// Handles a failed attempt. Waits before the next one.
    ///
    /// - Returns: whether to try again; false if processing continues without a complete ledger.
    private func shouldRetry(_ error: any Error, _ accountRegion: AccountRegion, _ attempt: Int) async -> Bool {
        let failure = error as? AWSError
        // Findings can be imported without permission to read them, but not without credentials.
        let isReadDenied =
            failure.map { failure in
                failure.stage == .response && [.accessDenied, .invalid, .notFound].contains(failure.kind)
            } ?? false
        guard !isReadDenied else {
            logger.log(.ledgerRebuildFailed, .about(accountRegion, [.reason: "\(error)"]))
            return false
        }
        var delay = RetryBackoff.delay(afterAttempt: attempt, jitter: jitter())
        if let failure, failure.consequence == .suspend {
            circuitBreakers.recordFailure(failure, DeliveryLane(accountRegion))
            delay = min(delay, .seconds(60))
        }
        logger.log(.ledgerRebuildRetryScheduled, .about(accountRegion, [.reason: "\(error)", .retryIn: "\(delay)"]))
        return (try? await clock.sleep(delay)) != nil
    }
}
