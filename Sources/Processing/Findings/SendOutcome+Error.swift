package import AWSClient
import DeviceDefender
import Planning
import Store

extension SendOutcome {
    /// The outcome of what a failed request was about.
    package init(_ error: AWSError) {
        self =
            switch error.consequence {
            case .reject: .rejected(error.description)
            case .suspend: .accessDenied(error.description)
            case .retry: .retryable(error.description)
            }
    }

    /// The outcome of a delivery whose processing failed.
    init(processing error: any Error) {
        switch error {
        case let error as UnrecognizedMessageError:
            self = .rejected("cannot parse the response of AWS IoT: \(error)")
        case let error as AWSError: self.init(error)
        case let error as SendError: self = error.outcome
        case let error as StoreError: self.init(error)
        default: self = .retryable("\(error)")
        }
    }
}

extension AWSError {
    /// What the error suspends; nil for nothing.
    package var suspendedScope: CircuitBreakers.Scope? {
        guard consequence == .suspend else { return nil }
        return stage == .credentials || service != .iot ? .all : .audits
    }
}

extension CircuitBreaker.Cause {
    /// The cause of the suspension by an error.
    package init(_ error: AWSError) {
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
