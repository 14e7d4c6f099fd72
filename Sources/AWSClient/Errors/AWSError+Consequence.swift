extension AWSError {
    /// How far a request got before it failed.
    package enum Stage: String, Sendable, CaseIterable {
        /// The input was rejected before sending.
        case input
        /// There were no usable credentials to sign it.
        case credentials
        /// It did not reach AWS, or a proxy or a wrong endpoint responded.
        case connection
        /// AWS responded, or may have received the request.
        case response
    }

    /// How a failed request affects the delivery that it was sent for.
    package enum Consequence: String, Sendable, CaseIterable {
        /// The request is invalid and would never succeed: the delivery is dead-lettered.
        case reject
        /// No request of the account and Region can be signed, sent or authorized: its deliveries are suspended until
        /// the cause is resolved.
        case suspend
        /// The failure is temporary: the delivery is retried with backoff.
        case retry
    }

    /// How the failure affects the delivery that the request was sent for.
    package var consequence: Consequence { Self.consequence(of: kind, at: stage, of: service) }

    /// How a failure affects the delivery that the request was sent for.
    ///
    /// Only AWS's verdict on the request itself is final. A request that cannot be signed, sent or authorized says
    /// nothing about the delivery, so the delivery is suspended.
    package static func consequence(of kind: Kind, at stage: Stage, of service: AWSService) -> Consequence {
        // A canceled task says nothing about AWS.
        guard kind != .canceled else { return .retry }
        return switch stage {
        case .input: .reject
        case .credentials, .connection: .suspend
        case .response:
            switch kind {
            case .throttled, .transient, .canceled, .other: .retry
            case .expiredCredentials, .noCredentials, .accessDenied, .notEnabled: .suspend
            // STS rejects the bridge's credentials, not the delivery. Not found in Security Hub means that it is not
            // enabled.
            case .invalid: service == .sts ? .suspend : .reject
            case .notFound: service == .iot ? .reject : .suspend
            }
        }
    }

    /// Whether one finding may have made a request about several fail, so that sending them one by one isolates it.
    package var mayBeCausedByOneFinding: Bool {
        guard stage == .response, let status, (400..<500).contains(status) else { return false }
        return kind == .invalid || kind == .other
    }
}
