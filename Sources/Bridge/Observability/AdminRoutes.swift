import AWSCore
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store

/// The routes on `admin.address`.
struct AdminRoutes: Sendable {
    let store: any Store
    let metrics: MetricsReport
    let registry: PrometheusRegistry
    let configuration: Live<BridgeConfiguration>
    let standings: StandingBoard
    let startedAt: Int64
    let clock: @Sendable () -> Int64

    var router: Router {
        var router = Router()
        router.on(.get, "/metrics") { _ in await metricsText() }
        router.on(.get, "/status.json") { _ in await status() }
        return router
    }

    private func metricsText() async -> ServerResponse {
        let text = registry.text(with: await metrics.families())
        return ServerResponse(
            status: .ok, headerFields: [.contentType: PrometheusRegistry.contentType], body: Array(text.utf8))
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

    private func status() async -> ServerResponse {
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
        return ServerResponse(status: .ok, json: .object(status))
    }
}
