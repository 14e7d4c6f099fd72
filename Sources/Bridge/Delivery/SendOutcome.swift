import AWSClient

/// What became of a finding that was sent to Security Hub.
enum SendOutcome: Sendable, Hashable {
    /// Security Hub has it.
    case imported
    /// Security Hub will never take it; in AWS's words.
    case refused(String)
    /// It may be taken later.
    case failed(String)
    /// It is taken as soon as somebody changes something in the account: a permission is missing, or Security Hub is not
    /// enabled.
    case denied(String)
}

extension SendOutcome {
    /// What follows from a request's failure for what it was about.
    init(_ error: AWSError) {
        self = error.isDenial ? .denied(error.description) : .failed(error.description)
        if error.kind == .invalid { self = .refused(error.description) }
    }
}

extension AWSError {
    /// Whether it goes away only when somebody changes something in the account or the settings.
    var isDenial: Bool {
        switch kind {
        case .accessDenied, .notEnabled, .noCredentials, .expiredCredentials: true
        case .throttled, .transient, .notFound, .invalid, .canceled, .other: false
        }
    }

    /// What it holds up, if it is a denial.
    var deniedScope: StandingBoard.Scope? {
        guard isDenial else { return nil }
        return isAboutCredentials || service != .iot ? .everything : .audits
    }
}

/// Why something did not reach Security Hub, and may later.
struct SendFailure: Error, CustomStringConvertible {
    let description: String
    /// Whether only a change in the account helps.
    var isDenial = false

    /// What that means for a delivery.
    var outcome: SendOutcome { isDenial ? .denied(description) : .failed(description) }
}
