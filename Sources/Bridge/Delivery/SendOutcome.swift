import AWSClient
import Store

/// What became of a finding that was sent to Security Hub.
enum SendOutcome: Sendable, Hashable {
    /// Security Hub has it.
    case imported
    /// Security Hub will never take it; in AWS's words.
    case rejected(String)
    /// It may be taken later.
    case retryable(String)
    /// It is taken as soon as requests can be signed, sent and authorized: until then a permission, credentials, Security
    /// Hub or the network is missing, and the account and Region are suspended.
    case accessDenied(String)
    /// The work was cut short because of the store or a lease, which says nothing of the delivery: no attempt counts.
    case interrupted(String)
}

extension SendOutcome {
    /// What follows from a failure of the store for a delivery.
    init(_ error: StoreError) {
        switch error.code {
        case .unavailable, .leaseLost, .inUse, .closed: self = .interrupted(error.description)
        // A value that the store rejects, it always rejects.
        case .invalidValue: self = .rejected(error.description)
        case .corrupt, .invalidPath, .unsupported, .outdated, .defect: self = .retryable(error.description)
        }
    }

    /// What follows from a request's failure for what it was about.
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
    /// What it suspends, if it does.
    var suspendedScope: CircuitBreakers.Scope? {
        guard consequence == .suspend else { return nil }
        return stage == .credentials || service != .iot ? .all : .audits
    }
}

extension CircuitBreaker.Cause {
    /// Why a failure suspends an account and Region.
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

/// Why something did not reach Security Hub, and may later.
struct SendError: Error, CustomStringConvertible {
    let description: String
    /// Whether only a change in the account helps.
    var isDenial = false
    /// Whether it says nothing of the delivery.
    var isInterruption = false

    /// What that means for a delivery.
    var outcome: SendOutcome {
        if isInterruption { return .interrupted(description) }
        return isDenial ? .accessDenied(description) : .retryable(description)
    }
}
