import AWSCore
import HTTPServer
import HTTPTypes

/// Lets those act who have the admin address's token (RFC 6750).
struct AdminAuthenticator: Sendable {
    /// Whether somebody may act.
    enum Decision: Hashable {
        case allowed
        /// Nobody may.
        case off
        /// A page of another host asks.
        case crossOrigin
        /// The token is missing or wrong.
        case rejected
        /// The address failed too often.
        case overLimit

        /// The word for the log.
        var code: String {
            switch self {
            case .allowed: "allowed"
            case .off: "off"
            case .crossOrigin: "foreign"
            case .rejected: "refused"
            case .overLimit: "overLimit"
            }
        }
    }

    let access: AdminAccess
    let failures: AuthenticationThrottle

    /// Checks a request.
    ///
    /// - Parameter now: the time of ``MonotonicClock``, in milliseconds.
    func decision(on request: ServerRequest, now: Int64) -> Decision {
        guard let token = access.token else { return .off }
        let fields = request.head.headerFields
        let isCrossOrigin = fields[values: .origin].contains {
            !HostHeaderPolicy.isOwn(origin: $0, authority: request.head.authority)
        }
        guard !isCrossOrigin else { return .crossOrigin }
        guard failures.allows(request.peer, now: now) else { return .overLimit }
        guard let given = fields.credentials(of: "bearer"), token.matches(given) else {
            failures.failed(request.peer, now: now)
            return .rejected
        }
        failures.succeeded(request.peer, now: now)
        return .allowed
    }

    /// The answer to who may not act; nil for who may.
    func rejection(_ decision: Decision) -> ServerResponse? {
        switch decision {
        case .allowed: return nil
        case .off:
            return .rejection(
                .notFound, code: "actions_off",
                message: "Nothing can be done here, as admin.allowActions is off. Turn it on, or use defender-bridge "
                    + "dead-letters.")
        case .crossOrigin:
            return .rejection(
                .forbidden, code: "foreign_origin",
                message:
                    "A page of another host asks for this. Use the bridge's own page, at the address that it is asked at."
            )
        case .rejected:
            var response = ServerResponse.rejection(
                .unauthorized, code: "unauthorized", message: "The token is missing or wrong. Send that of admin.token."
            )
            response.headerFields[.wwwAuthenticate] = "Bearer"
            return response
        case .overLimit:
            var response = ServerResponse.rejection(
                .tooManyRequests, code: "too_many_failures",
                message: "Wrong tokens came too often from this address. Try again in a minute.")
            response.headerFields[.retryAfter] = String(failures.interval / 1000)
            return response
        }
    }
}
