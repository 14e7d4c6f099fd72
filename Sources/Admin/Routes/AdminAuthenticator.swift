import Cryptography
import ErrorCodes
import HTTPServer
import HTTPTypes
import Intake

/// Authorizes actions on the admin address by bearer token (RFC 6750).
struct AdminAuthenticator: Sendable {
    /// Whether a request is authorized, and by whose token.
    enum Decision: Hashable {
        case allowed(who: String)
        case denied(Denial)
    }

    /// Why a request is not authorized.
    enum Denial: Hashable, CaseIterable {
        /// Actions are disabled (`admin.allowActions`).
        case off
        /// The request comes from a page of another origin.
        case crossOrigin
        /// The token is missing or wrong.
        case rejected
        /// Too many failed attempts from this address.
        case overLimit

        /// The code in the log.
        var code: ErrorCode {
            switch self {
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
        guard access.allowsActions else { return .denied(.off) }
        let fields = request.head.headerFields
        let isCrossOrigin = fields[values: .origin].contains {
            !HostHeaderPolicy.isOwn(origin: $0, authority: request.head.authority)
        }
        guard !isCrossOrigin else { return .denied(.crossOrigin) }
        guard failures.allows(request.peer, now: now) else { return .denied(.overLimit) }
        guard let given = fields.credentials(of: "bearer"), let who = access.name(of: given) else {
            failures.recordFailure(request.peer, now: now)
            return .denied(.rejected)
        }
        failures.recordSuccess(request.peer, now: now)
        return .allowed(who: who)
    }

    /// The error response for a denial.
    func response(to denial: Denial) -> ServerResponse {
        switch denial {
        case .off:
            return .rejection(
                .notFound, code: .actionsOff,
                message:
                    "Actions are disabled. Set admin.allowActions, or use the commands defender-bridge dead-letters, pause and resume."
            )
        case .crossOrigin:
            return .rejection(
                .forbidden, code: .foreignOrigin,
                message:
                    "Cross-origin request: the Origin header differs from the Host header. Use the bridge's own status page."
            )
        case .rejected:
            var response = ServerResponse.rejection(
                .unauthorized, code: .unauthorized,
                message: "The bearer token is missing or wrong. Send the token of admin.token, or one of admin.tokens."
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
