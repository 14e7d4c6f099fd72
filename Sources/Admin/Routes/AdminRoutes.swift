import ErrorCodes
package import EventLoop
package import HTTPServer
import HTTPTypes
package import Telemetry

/// Routes on `admin.address`.
package struct AdminRoutes: Sendable {
    let metrics: MetricsCollector
    let registry: PrometheusRegistry
    let report: StatusReport
    let statusStream: StatusStream
    let deadLetters: DeadLetterRoutes
    let pauses: PauseRoutes
    let accountRegions: AccountRegionRoutes
    let deliveries: DeliveryRoutes
    let history: HistoryRoutes
    let health: HealthRoutes
    let settings: Reloadable<AdminSettings>

    /// The request handler.
    package var handler: Router.Handler {
        let router = router
        return { request in
            // Prometheus and probes may use any name; a website gains nothing from these responses.
            let isAddressed =
                ["/metrics", "/healthz", "/readyz"].contains(request.path)
                || HostHeaderPolicy.allows(request.head.authority, names: settings.value.access.hosts)
            var response = isAddressed ? await router.respond(to: request) : Self.misdirected
            // Responses must not be cached, and links must not reveal this address.
            response.headerFields[.cacheControl] = "no-store"
            response.headerFields[Self.referrerPolicy] = "no-referrer"
            return response
        }
    }

    private var router: Router {
        let page = StatusPage().response
        var router = Router()
        router.on(.get, "/") { _ in page }
        router.on(.get, "/metrics") { _ in await metricsText() }
        router.on(.get, "/status.json") { _ in ServerResponse(status: .ok, json: await report.json()) }
        router.on(.get, "/status/events") { statusStream.respond(to: $0) }
        deadLetters.add(to: &router)
        pauses.add(to: &router)
        accountRegions.add(to: &router)
        deliveries.add(to: &router)
        history.add(to: &router)
        health.add(to: &router)
        return router
    }

    private func metricsText() async -> ServerResponse {
        let text = registry.text(with: await metrics.families())
        return ServerResponse(
            status: .ok, headerFields: [.contentType: PrometheusRegistry.contentType], body: Array(text.utf8))
    }

    private static let misdirected = ServerResponse.rejection(
        .misdirectedRequest, code: .hostNotAllowed,
        message:
            "The Host header has a name that is not allowed. Use an IP address or localhost, or add the name to admin.hosts."
    )

    private static let referrerPolicy: HTTPField.Name = {
        guard let name = HTTPField.Name("Referrer-Policy") else { preconditionFailure("a valid name") }
        return name
    }()

    /// Creates routes for what the parameters collect and report.
    package init(
        metrics: MetricsCollector, registry: PrometheusRegistry, report: StatusReport, statusStream: StatusStream,
        deadLetters: DeadLetterRoutes, pauses: PauseRoutes, accountRegions: AccountRegionRoutes,
        deliveries: DeliveryRoutes, history: HistoryRoutes, health: HealthRoutes, settings: Reloadable<AdminSettings>
    ) {
        self.metrics = metrics
        self.registry = registry
        self.report = report
        self.statusStream = statusStream
        self.deadLetters = deadLetters
        self.pauses = pauses
        self.accountRegions = accountRegions
        self.deliveries = deliveries
        self.history = history
        self.health = health
        self.settings = settings
    }
}
