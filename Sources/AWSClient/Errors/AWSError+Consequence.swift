extension AWSError {
    /// How far a request got before it failed.
    public enum Stage: String, Sendable, CaseIterable {
        /// What is asked for was rejected before anything was sent.
        case input
        /// There was nothing usable to sign it with.
        case credentials
        /// It did not reach AWS, or what responded is not AWS: a proxy, or a wrong endpoint.
        case connection
        /// AWS responded, or may have received the request.
        case response
    }

    /// What a failed request means for the work that it was part of.
    public enum Consequence: String, Sendable, CaseIterable {
        /// The request itself is at fault: the same one never succeeds. The work becomes a dead letter.
        case reject
        /// Nothing of the account and Region can be signed, sent or authorized until the cause is gone: its work is suspended.
        case suspend
        /// It may pass by itself: the work is retried with a backoff.
        case retry
    }

    /// What the failure means for the work that the request was part of.
    public var consequence: Consequence { Self.consequence(of: kind, at: stage, of: service) }

    /// What a failure means for the work that the request was part of. A pure rule.
    ///
    /// Only AWS's verdict on the request itself is final. Whatever keeps a request from being signed, sent or authorized
    /// says nothing about the work, so that it suspends it.
    public static func consequence(of kind: Kind, at stage: Stage, of service: AWSService) -> Consequence {
        // A task that is canceled says nothing about AWS.
        guard kind != .canceled else { return .retry }
        return switch stage {
        case .input: .reject
        case .credentials, .connection: .suspend
        case .response:
            switch kind {
            case .throttled, .transient, .canceled, .other: .retry
            case .expiredCredentials, .noCredentials, .accessDenied, .notEnabled: .suspend
            // What AWS STS rejects is how the bridge signs. Of Security Hub, the account has none that could be found.
            case .invalid: service == .sts ? .suspend : .reject
            case .notFound: service == .iot ? .reject : .suspend
            }
        }
    }

    /// Whether a request about several findings may have failed because of one of them: each alone shows.
    public var mayBeCausedByOneFinding: Bool {
        guard stage == .response, let status, (400..<500).contains(status) else { return false }
        return kind == .invalid || kind == .other
    }
}
