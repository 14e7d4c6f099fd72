/// Why a request to AWS failed.
public struct AWSError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure, by what can be done about them.
    public enum Kind: String, Sendable {
        /// More requests than the quota allows; goes away with waiting.
        case throttled
        /// Trouble of AWS or of the network; goes away with waiting.
        case transient
        /// The credentials were good once.
        case expiredCredentials
        /// There are no credentials to sign with.
        case noCredentials
        /// The credentials are not accepted, or not for this.
        case accessDenied
        /// The account does not use the service in this Region.
        case notEnabled
        /// What was asked about does not exist, or no longer.
        case notFound
        /// The request is refused as it is, by AWS or before it was sent.
        case invalid
        /// The task was canceled.
        case canceled
        /// Anything else, for example a response that is none of the service's.
        case other
    }

    /// The kind of failure.
    public let kind: Kind
    /// The service asked.
    public let service: AWSService
    /// The operation asked for, for example `BatchImportFindings`.
    public let operation: String
    /// The response's status, or nil if there was none.
    public let status: Int?
    /// AWS's name of the error, for example `InvalidInputException`.
    public let code: String?
    /// The failure in AWS's words, or ours; without secrets.
    public let message: String
    /// AWS's id of the request, to ask AWS Support about.
    public let requestID: String?
    /// How far the request got.
    public let stage: Stage

    init(
        _ kind: Kind, service: AWSService, operation: String, status: Int? = nil, code: String? = nil,
        message: String, requestID: String? = nil, stage: Stage = .response
    ) {
        self.kind = kind
        self.service = service
        self.operation = operation
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.stage = stage
    }

    /// Whether the same request may succeed when it is signed with newer credentials: these have ended, or are not known.
    var mayBeFixedByNewCredentials: Bool {
        kind == .expiredCredentials || ["InvalidClientTokenId", "UnrecognizedClientException"].contains(code)
    }

    /// What failed, why, and what to do.
    public var description: String {
        var text = "\(service) \(operation) failed"
        let accountRegion = [code, status.map { "HTTP \($0)" }].compactMap { $0 }.joined(separator: ", ")
        if !accountRegion.isEmpty { text += " (\(accountRegion))" }
        text += ": \(message)"
        if let advice { text += "; \(advice)" }
        if let requestID { text += " [request \(requestID)]" }
        return text
    }

    /// What to do, or nil if there is nothing to say that the message does not.
    private var advice: String? {
        // The message has the advice of the call that failed.
        if stage == .credentials { return nil }
        return switch kind {
        case .throttled: "too many requests for the account's quota; send fewer or wait"
        case .transient: "try again later"
        case .expiredCredentials: "renew the credentials"
        case .noCredentials: "provide credentials"
        case .accessDenied: "allow \(service.signingName):\(operation) to the credentials in use, and check the clock"
        case .notEnabled: "enable \(service) in this account and Region"
        case .notFound, .invalid, .canceled, .other: nil
        }
    }
}
