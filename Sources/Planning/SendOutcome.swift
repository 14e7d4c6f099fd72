package import Store

/// The outcome of sending a finding to Security Hub, or of processing a delivery.
package enum SendOutcome: Sendable, Hashable {
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
    package init(_ error: StoreError) {
        switch error.code {
        case .unavailable, .leaseLost, .inUse, .closed: self = .interrupted(error.description)
        // The store always rejects an invalid value.
        case .invalidValue: self = .rejected(error.description)
        case .corrupt, .invalidPath, .unsupported, .outdated, .defect: self = .retryable(error.description)
        }
    }
}

/// A temporary failure to send findings.
package struct SendError: Error, CustomStringConvertible {
    /// What failed, with the reason.
    package let description: String
    /// Whether access is denied until something changes in the account.
    var isDenial = false
    /// Whether the failure is unrelated to the delivery.
    var isInterruption = false

    /// The outcome of the delivery.
    package var outcome: SendOutcome {
        if isInterruption { return .interrupted(description) }
        return isDenial ? .accessDenied(description) : .retryable(description)
    }

    /// Creates an error.
    package init(description: String, isDenial: Bool = false, isInterruption: Bool = false) {
        self.description = description
        self.isDenial = isDenial
        self.isInterruption = isInterruption
    }
}
