import AWSCore
import JSON
import SNS
import Store

/// How the bridge stands, as status.json tells it.
struct StatusReport: Sendable {
    let store: any Store
    let configuration: Live<BridgeConfiguration>
    let standings: StandingBoard
    /// Milliseconds since 1970.
    let startedAt: Int64
    /// Milliseconds since 1970.
    let clock: @Sendable () -> Int64

    /// All that is known now. What the store cannot tell, is left out.
    func json() async -> JSON {
        let configuration = configuration.value
        var status: [String: JSON] = [
            "version": .string(Bridge.version),
            "uptimeSeconds": .integer((clock() - startedAt) / 1000),
            "topics": .array(configuration.topics.patterns.map(\.description).sorted().map(JSON.string)),
            "eventBridge": .bool(configuration.takesEvents),
            "denied": .array(standings.entries.map(described)),
        ]
        do throws(StoreError) {
            let held = try await store.status()
            status["ready"] = true
            status["queue"] = [
                "pending": .integer(held.pending), "leased": .integer(held.leased),
                "completed": .integer(held.completed),
                "dead": .integer(held.dead),
                "oldestAgeSeconds": held.oldestReceivedAt.map { .integer(max(clock() - $0, 0) / 1000) } ?? nil,
            ]
            status["ledger"] = [
                "active": .integer(held.activeFindings), "archived": .integer(held.archivedFindings),
            ]
            status["pauses"] = .array(try await store.pauses().map(QueueReport.json))
            status["subscriptions"] = .array(try await store.subscriptions(after: nil, limit: 1000).map(described))
        } catch {
            status["ready"] = false
            status["problem"] = .string(error.message)
        }
        return .object(status)
    }

    private func described(_ subscription: Subscription) -> JSON {
        [
            "topic": .string(subscription.topic.description), "state": .string(subscription.state.rawValue),
            "ageSeconds": .integer(max(clock() - subscription.changedAt, 0) / 1000),
        ]
    }

    private func described(_ entry: StandingBoard.Entry) -> JSON {
        [
            "account": .string(entry.origin.account.digits), "region": .string(entry.origin.region.name),
            "reason": .string(entry.denial.reason),
            "ageSeconds": .integer(max(clock() - entry.denial.since, 0) / 1000),
            "retryInSeconds": .integer(max(entry.denial.retryAt - clock(), 0) / 1000),
        ]
    }
}
