import AWSClient
import Store

/// The outcome of sending a finding to Security Hub, or of processing a delivery.
enum SendOutcome: Sendable, Hashable {
    /// Success: Security Hub has the finding.
    case imported
    /// Permanent failure, with the reason in AWS's words. The delivery is dead-lettered.
    case rejected(String)
    /// Temporary failure. The delivery is retried.
    case retryable(String)
    /// A permission, credentials, Security Hub or the network is missing. The account and Region are suspended, and the
    /// delivery is retried without counting the attempt.
    case accessDenied(String)
    /// The store or a lease interrupted the processing. The delivery is retried without counting the attempt.
    case interrupted(String)
}

extension SendOutcome {
    /// The outcome of a delivery after an error of the store.
    init(_ error: StoreError) {
        switch error.code {
        case .unavailable, .leaseLost, .inUse, .closed: self = .interrupted(error.description)
        // The store always rejects an invalid value.
        case .invalidValue: self = .rejected(error.description)
        case .corrupt, .invalidPath, .unsupported, .outdated, .defect: self = .retryable(error.description)
        }
    }

    /// The outcome of what a failed request was about.
    init(_ error: AWSError) {
        self =
            switch error.consequence {
            case .reject: .rejected(error.description)
            case .suspend: .accessDenied(error.description)
            case .retry: .retryable(error.description)
            }
    }
}

extension AWSError {
    /// What the error suspends; nil for nothing.
    var suspendedScope: CircuitBreakers.Scope? {
        guard consequence == .suspend else { return nil }
        return stage == .credentials || service != .iot ? .all : .audits
    }
}

extension CircuitBreaker.Cause {
    /// The cause of the suspension by an error.
    init(_ error: AWSError) {
        self =
            switch (error.stage, error.kind) {
            case (_, .noCredentials): .noCredentials
            case (.credentials, .accessDenied): .accessDenied
            case (.credentials, _): .noCredentials
            case (.connection, _): .unreachable
            case (_, .notEnabled), (_, .notFound): .notEnabled
            default: .accessDenied
            }
    }
}

/// A temporary failure to send findings.
struct SendError: Error, CustomStringConvertible {
    let description: String
    /// Whether access is denied until something changes in the account.
    var isDenial = false
    /// Whether the failure is unrelated to the delivery.
    var isInterruption = false

    /// The outcome of the delivery.
    var outcome: SendOutcome {
        if isInterruption { return .interrupted(description) }
        return isDenial ? .accessDenied(description) : .retryable(description)
    }
}
