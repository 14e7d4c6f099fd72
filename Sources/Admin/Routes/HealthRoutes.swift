package import Encoding
import ErrorCodes
import EventLoop
package import HTTPServer
import HTTPTypes
import JSON
package import Processing
import Store

/// The health checks `/healthz` and `/readyz`.
///
/// They are served on `listen.address` and on `admin.address`, because a probe cannot use a listener that expects the PROXY
/// protocol, or a proxy in front of it that requires client certificates.
package struct HealthRoutes: Sendable {
    let readiness: Readiness
    /// The state of the listener's certificate at a time.
    package let certificate: @Sendable (_ now: Timestamp) -> CertificateStatus
    let outage: StoreOutageTracker
    let clock: @Sendable () -> Timestamp

    /// Adds the routes to a router.
    package func add(to router: inout Router) {
        router.on(.get, "/healthz") { _ in ServerResponse(status: .ok, json: ["status": "ok"]) }
        router.on(.get, "/readyz") { _ in await ready() }
    }

    private func ready() async -> ServerResponse {
        do throws(StoreError) {
            try await readiness.check()
            var ready: JSON.Members = ["status": "ready"]
            let warnings = certificate(clock()).warnings
            if !warnings.isEmpty { ready["warnings"] = .array(warnings.map(JSON.string)) }
            return ServerResponse(status: .ok, json: .object(ready))
        } catch {
            outage.failed(error.message, to: .intake)
            return .unavailable(code: .storeUnavailable, message: error.message)
        }
    }

    /// Creates routes.
    ///
    /// - Parameters:
    ///   - certificate: the state of the listener's certificate at a time.
    ///   - clock: returns the present time.
    package init(
        readiness: Readiness, certificate: @escaping @Sendable (_ now: Timestamp) -> CertificateStatus,
        outage: StoreOutageTracker, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.readiness = readiness
        self.certificate = certificate
        self.outage = outage
        self.clock = clock
    }
}
