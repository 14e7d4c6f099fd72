import AWSClient
import AWSCore
import DeviceDefender
import EventLoop
import Planning
import Store

/// Routes leased deliveries to the serial lanes of their lanes and kinds.
actor LaneRouter {
    private struct LaneKey: Hashable {
        let lane: DeliveryLane
        let kind: DeliveryCommand.Kind

        /// Whether deliveries are processed together.
        var isBatched: Bool { kind == .alarms || kind == .mapped }
    }

    private let processors: DeliveryProcessors
    private let completer: DeliveryCompleter
    private let circuitBreakers: CircuitBreakers
    private let leases: LeaseKeeper
    private let clock: AWSClock
    private var lanes: [LaneKey: SerialLane] = [:]

    init(
        processors: DeliveryProcessors, completer: DeliveryCompleter, circuitBreakers: CircuitBreakers,
        leases: LeaseKeeper, clock: AWSClock
    ) {
        self.processors = processors
        self.completer = completer
        self.circuitBreakers = circuitBreakers
        self.leases = leases
        self.clock = clock
    }

    /// Adds deliveries to their lanes, and dead-letters those that are not understood.
    func route(_ deliveries: [LeasedDelivery]) async {
        var items: [LaneKey: [LeasedCommand]] = [:]
        var rejected: [DeliveryOutcome] = []
        let severities = processors.settings.value.mapping.severities
        for leased in deliveries {
            do throws(UnrecognizedMessageError) {
                let command = try DeliveryCommand(leased.delivery, severities: severities)
                let key = LaneKey(lane: leased.delivery.lane, kind: command.kind)
                items[key, default: []].append((leased, command))
            } catch {
                rejected.append(
                    DeliveryOutcome(leased, about: .unknown, .rejected(error.reason), as: .notUnderstood))
            }
        }
        for (key, items) in items {
            await leases.hold(items.map(\.leased.lease), of: key.lane)
            await lane(key).add(items)
        }
        await completer.finish(rejected)
    }

    private func lane(_ key: LaneKey) -> SerialLane {
        if let lane = lanes[key] { return lane }
        let client = processors.accounts.client(for: key.lane.accountRegion)
        let linger = BatchLinger(client: client, region: key.lane.accountRegion.region)
        let lane = SerialLane(
            of: key.lane, processor: processors.processor(of: key.kind, for: key.lane),
            batchLimit: key.isBatched ? 1000 : 1, linger: key.isBatched ? linger : nil,
            circuitBreakers: circuitBreakers, leases: leases, clock: clock, executor: client.clock.executor)
        lanes[key] = lane
        return lane
    }

    /// Stops the lanes that are paused: releases their waiting deliveries, and cancels those in progress.
    func stop(for pauses: [Pause]) async {
        for (key, lane) in lanes where pauses.contains(where: { $0.applies(to: key.lane) }) {
            await lane.stop()
            await lane.cancel()
        }
    }

    /// Cancels the deliveries in progress, and releases the waiting ones.
    func cancelAndRelease() async {
        for lane in lanes.values { await lane.cancel() }
        for lane in lanes.values { await lane.releaseWaiting() }
    }

    /// Releases the waiting deliveries, and lets those in progress continue for a grace period before it cancels them.
    func shutDown(grace: Duration) async {
        let lanes = Array(lanes.values)
        for lane in lanes { await lane.stop() }
        let timeout = Task(executorPreference: clock.executor) { [clock] in
            try await clock.sleep(grace)
            for lane in lanes { await lane.cancel() }
        }
        for lane in lanes { await lane.drain() }
        timeout.cancel()
        _ = await timeout.result
    }
}
