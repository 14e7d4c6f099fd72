import Encoding
import ErrorCodes
package import EventLoop
import HTTPServer
import Intake
package import Logging
import Telemetry

/// Authorizes the actions of clients with a token, and logs those that it rejects. All actions share the limit of wrong tokens.
package struct ActionGate: Sendable {
    let settings: Reloadable<AdminSettings>
    let failures: AuthenticationThrottle
    let logger: Logger

    /// Who may act, or the response to a client that may not.
    enum Result {
        case allowed(who: String)
        case rejected(ServerResponse)
    }

    /// Decides about a request.
    ///
    /// - Parameter action: the name of the action in the log.
    func check(_ request: ServerRequest, for action: String) -> Result {
        let gate = AdminAuthenticator(access: settings.value.access, failures: failures)
        switch gate.decision(on: request, now: MonotonicClock.elapsed()) {
        case .allowed(let who): return .allowed(who: who)
        case .denied(let denial):
            logger.log(
                .adminActionRejected,
                [
                    .action: .string(action), .code: "\(denial.code)", .peer: .string(request.peer.text),
                    .request: .string(request.id),
                ])
            return .rejected(gate.response(to: denial))
        }
    }

    /// Creates a gate that allows ten wrong tokens per minute and address.
    package init(settings: Reloadable<AdminSettings>, logger: Logger) {
        self.settings = settings
        failures = AuthenticationThrottle(burst: 10, interval: .seconds(6))
        self.logger = logger
    }
}
