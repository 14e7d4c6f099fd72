import ErrorCodes
import EventLoop
import HTTPServer
import HTTPTypes
import JSON
import Store

/// The health checks `/healthz` and `/readyz`.
///
/// They are served on `listen.address` and on `admin.address`, because a probe cannot use a listener that expects the PROXY
/// protocol, or a proxy in front of it that requires client certificates.
struct HealthRoutes: Sendable {
    let readiness: Readiness
    /// The listener's certificate; nil for plain HTTP.
    let certificate: TLSCertificate?
    let outage: StoreOutageTracker
    let clock: @Sendable () -> Int64

    /// Adds the routes to a router.
    func add(to router: inout Router) {
        router.on(.get, "/healthz") { _ in ServerResponse(status: .ok, json: ["status": "ok"]) }
        router.on(.get, "/readyz") { _ in await ready() }
    }

    private func ready() async -> ServerResponse {
        do throws(StoreError) {
            try await readiness.check()
            var ready: JSON.Members = ["status": "ready"]
            let warnings = certificate?.warnings(now: clock() / 1000) ?? []
            if !warnings.isEmpty { ready["warnings"] = .array(warnings.map(JSON.string)) }
            return ServerResponse(status: .ok, json: .object(ready))
        } catch {
            outage.failed(error.message, to: .intake)
            return IntakeResult.unavailable(code: .storeUnavailable, message: error.message).response
        }
    }
}
