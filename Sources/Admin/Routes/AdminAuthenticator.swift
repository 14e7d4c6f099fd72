import Cryptography
import ErrorCodes
import HTTPServer
import HTTPTypes
import Intake

/// Authorizes actions on the admin address by bearer token (RFC 6750).
struct AdminAuthenticator: Sendable {
    /// Whether the request is authorized.
    enum Decision: Hashable {
        case allowed
        /// Actions are disabled (`admin.allowActions`).
        case off
        /// The request comes from a page of another origin.
        case crossOrigin
        /// The token is missing or wrong.
        case rejected
        /// Too many failed attempts from this address.
        case overLimit

        /// The code in the log.
        var code: ErrorCode? {
            switch self {
            case .allowed: nil
            case .off: .off
            case .crossOrigin: .foreign
            case .rejected: .refused
            case .overLimit: .overLimit
            }
        }
    }

    let access: AdminAccess
    let failures: AuthenticationThrottle

    /// Decides about a request.
    ///
    /// - Parameter now: time of ``MonotonicClock``.
    func decision(on request: ServerRequest, now: Duration) -> Decision {
        guard let token = access.token else { return .off }
        let fields = request.head.headerFields
        let isCrossOrigin = fields[values: .origin].contains {
            !HostHeaderPolicy.isOwn(origin: $0, authority: request.head.authority)
        }
        guard !isCrossOrigin else { return .crossOrigin }
        guard failures.allows(request.peer, now: now) else { return .overLimit }
        guard let given = fields.credentials(of: "bearer"), token.matches(given) else {
            failures.recordFailure(request.peer, now: now)
            return .rejected
        }
        failures.recordSuccess(request.peer, now: now)
        return .allowed
    }

    /// The error response for a decision; nil if the request is authorized.
    func rejection(_ decision: Decision) -> ServerResponse? {
        switch decision {
        case .allowed: return nil
        case .off:
            return .rejection(
                .notFound, code: .actionsOff,
                message:
                    "Actions are disabled. Set admin.allowActions, or use the command defender-bridge dead-letters.")
        case .crossOrigin:
            return .rejection(
                .forbidden, code: .foreignOrigin,
                message:
                    "Cross-origin request: the Origin header differs from the Host header. Use the bridge's own status page."
            )
        case .rejected:
            var response = ServerResponse.rejection(
                .unauthorized, code: .unauthorized,
                message: "The bearer token is missing or wrong. Send the token of admin.token."
            )
            response.headerFields[.wwwAuthenticate] = "Bearer"
            return response
        case .overLimit:
            var response = ServerResponse.rejection(
                .tooManyRequests, code: .tooManyFailures,
                message: "Too many wrong tokens from this address. Try again in a minute.")
            response.headerFields[.retryAfter] = String(failures.interval.components.seconds)
            return response
        }
    }
}
