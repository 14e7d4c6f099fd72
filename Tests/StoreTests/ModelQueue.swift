import AWSCore
import Encoding
import TestSupport

@testable import Store

/// A simple model of a store: a dictionary without durability.
struct ModelQueue {
    private struct Row {
        enum State { case pending, leased, completed, dead }

        let delivery: Delivery
        let arrival: Int
        var state = State.pending
        var readyAt: Timestamp
        var attempts = 0
        var holder: Lease?
        var firstFailedAt: Timestamp?
        var lastFailedAt: Timestamp = 0
        var reason = ""
        var completedAt: Timestamp = 0

        var isQueued: Bool { state == .pending || state == .leased }
    }

    private var rows: [String: Row] = [:]
    private var arrivals = 0
    private(set) var ledger: [String: LedgerEntry] = [:]
    private(set) var pauses: [Pause.Scope: Pause] = [:]

    var status: QueueStatus {
        var status = QueueStatus()
        for row in rows.values {
            switch row.state {
            case .pending: status.pending += 1
            case .leased: status.leased += 1
            case .completed: status.completed += 1
            case .dead: status.dead += 1
            }
        }
        status.oldestReceivedAt = rows.values.filter(\.isQueued).map(\.delivery.receivedAt).min()
        return status
    }

    var ledgerCounts: LedgerCounts {
        var counts = LedgerCounts()
        counts.active = ledger.values.count { $0.isSent && $0.recordState == .active }
        counts.archived = ledger.values.count { $0.isSent && $0.recordState == .archived }
        counts.unsent = ledger.values.count { !$0.isSent }
        return counts
    }

    var nextReadyAt: Timestamp? { rows.values.filter { $0.isQueued && !isPaused($0) }.map(\.readyAt).min() }

    private func isPaused(_ row: Row) -> Bool {
        pauses.values.contains { pause in
            switch pause.scope {
            case .all: true
            case .account(let account): account == row.delivery.accountRegion.account
            case .source(let source): source == row.delivery.source
            }
        }
    }

    func depths(now: Timestamp) -> [QueueDepth] {
        let groups = Dictionary(grouping: rows.values.filter { $0.state != .completed }) { row in
            let state: QueueDepth.State =
                switch row.state {
                case .pending where row.readyAt > now: .waiting
                case .pending: .pending
                case .leased: .leased
                case .dead, .completed: .dead
                }
            return [row.delivery.lane.description, state.rawValue]
        }
        let order = QueueDepth.State.allCases.map(\.rawValue)
        return groups.sorted {
            ($0.key[0], order.firstIndex(of: $0.key[1]) ?? 0) < ($1.key[0], order.firstIndex(of: $1.key[1]) ?? 0)
        }.compactMap { key, rows in
            guard let state = QueueDepth.State(rawValue: key[1]) else { return nil }
            return QueueDepth(
                accountRegion: rows[0].delivery.accountRegion, source: rows[0].delivery.source, state: state,
                count: rows.count, oldestReceivedAt: rows.map(\.delivery.receivedAt).min() ?? 0)
        }
    }

    mutating func pause(_ pause: Pause) { pauses[pause.scope] = pause }

    mutating func resume(_ scope: Pause.Scope) -> Pause? { pauses.removeValue(forKey: scope) }

    var deadLetters: [DeadLetter] {
        rows.values.filter { $0.state == .dead }
            .sorted { ($0.lastFailedAt, $0.delivery.id) < ($1.lastFailedAt, $1.delivery.id) }
            .map { row in
                DeadLetter(
                    delivery: row.delivery, attempts: row.attempts, firstFailedAt: row.firstFailedAt ?? 0,
                    lastFailedAt: row.lastFailedAt, reason: row.reason)
            }
    }

    mutating func append(_ delivery: Delivery) -> AppendResult {
        guard rows[delivery.id] == nil else { return .duplicate }
        arrivals += 1
        rows[delivery.id] = Row(delivery: delivery, arrival: arrivals, readyAt: delivery.receivedAt)
        return .stored
    }

    /// Whether a call may lease these: as many as there are, the earliest ready of each lane, and from no
    /// lane more than one more than from another that had more ready.
    func mayLease(_ leased: [LeasedDelivery], limit: Int, now: Timestamp) -> Bool {
        let ready = rows.values.filter { $0.isQueued && $0.readyAt <= now && !isPaused($0) }
            .sorted { ($0.readyAt, $0.arrival) < ($1.readyAt, $1.arrival) }
        guard leased.count == min(limit, ready.count) else { return false }
        let readyOf = Dictionary(grouping: ready, by: \.delivery.lane)
        let leasedOf = Dictionary(grouping: leased, by: \.delivery.lane)
        let most = leasedOf.values.map(\.count).max() ?? 0
        return leased.allSatisfy { $0.attempt == (rows[$0.delivery.id]?.attempts ?? 0) + 1 }
            && leasedOf.keys.allSatisfy { readyOf[$0] != nil }
            && readyOf.allSatisfy { lane, rows in
                let got = leasedOf[lane] ?? []
                return got.map(\.delivery) == rows.prefix(got.count).map(\.delivery)
                    && (got.count == rows.count || got.count + 1 >= most)
            }
    }

    mutating func lease(_ leased: [LeasedDelivery]) {
        for one in leased {
            change(one.delivery.id) { row in
                (row.state, row.readyAt, row.holder) = (.leased, one.lease.until, one.lease)
                row.attempts += 1
            }
        }
    }

    func holds(_ lease: Lease) -> Bool {
        guard let holder = rows[lease.deliveryID]?.holder else { return false }
        return (holder.sequence, holder.number) == (lease.sequence, lease.number)
    }

    mutating func extend(_ lease: Lease, until end: Timestamp) {
        guard holds(lease) else { return }
        change(lease.deliveryID) { $0.readyAt = end }
    }

    mutating func record(_ entries: [LedgerEntry], under lease: Lease) {
        guard holds(lease) else { return }
        for entry in entries { ledger[entry.id] = entry }
    }

    mutating func complete(_ lease: Lease, recording entries: [LedgerEntry], now: Timestamp) {
        guard holds(lease) else { return }
        record(entries, under: lease)
        change(lease.deliveryID) { ($0.state, $0.holder, $0.completedAt) = (.completed, nil, now) }
    }

    mutating func retry(_ lease: Lease, at readyAt: Timestamp, now: Timestamp) {
        guard holds(lease) else { return }
        change(lease.deliveryID) { row in
            (row.state, row.holder, row.readyAt) = (.pending, nil, readyAt)
            row.firstFailedAt = row.firstFailedAt ?? now
        }
    }

    mutating func deadLetter(_ lease: Lease, reason: String, now: Timestamp) {
        guard holds(lease) else { return }
        change(lease.deliveryID) { row in
            (row.state, row.holder, row.reason, row.lastFailedAt) = (.dead, nil, reason, now)
            row.firstFailedAt = row.firstFailedAt ?? now
        }
    }

    mutating func release(_ leases: [Lease]) {
        for lease in leases where holds(lease) {
            change(lease.deliveryID) { row in
                (row.state, row.holder, row.readyAt) = (.pending, nil, row.delivery.receivedAt)
                row.attempts -= 1
            }
        }
    }

    mutating func requeue(_ ids: [String]) -> Int {
        let dead = Set(ids).filter { rows[$0]?.state == .dead }
        for id in dead {
            change(id) { row in
                (row.state, row.readyAt, row.attempts) = (.pending, row.delivery.receivedAt, 0)
                row.firstFailedAt = nil
            }
        }
        return dead.count
    }

    mutating func discard(_ ids: [String]) -> Int {
        remove { $0.state == .dead && ids.contains($0.delivery.id) }
    }

    mutating func purge(completedBefore time: Timestamp) -> Int {
        remove { $0.state == .completed && $0.completedAt < time }
    }

    mutating func purgeLedger(archivedBefore time: Timestamp) -> Int {
        let before = ledger.count
        ledger = ledger.filter {
            $0.value.recordState == .active || $0.value.condition != .over || $0.value.updatedAt >= time
        }
        return before - ledger.count
    }

    private mutating func remove(_ isGone: (Row) -> Bool) -> Int {
        let before = rows.count
        rows = rows.filter { !isGone($0.value) }
        return before - rows.count
    }

    private mutating func change(_ id: String, _ body: (inout Row) -> Void) {
        guard var row = rows[id] else { return }
        body(&row)
        rows[id] = row
    }
}
