import HTTPServer
import HTTPTypes

/// The routes on `admin.address`.
struct AdminRoutes: Sendable {
    let metrics: MetricsReport
    let registry: PrometheusRegistry
    let report: StatusReport

    var router: Router {
        var router = Router()
        router.on(.get, "/metrics") { _ in await metricsText() }
        router.on(.get, "/status.json") { _ in ServerResponse(status: .ok, json: await report.json()) }
        return router
    }

    private func metricsText() async -> ServerResponse {
        let text = registry.text(with: await metrics.families())
        return ServerResponse(
            status: .ok, headerFields: [.contentType: PrometheusRegistry.contentType], body: Array(text.utf8))
    }
}
