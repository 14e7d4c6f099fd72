/// Why a request to AWS failed.
package struct AWSError: Error, Hashable, CustomStringConvertible {
    /// The kinds of failure, by remediation.
    package enum Kind: String, Sendable {
        /// Throttled: more requests than the quota allows. Retried.
        case throttled
        /// A temporary failure of AWS or of the network. Retried.
        case transient
        /// The credentials have expired.
        case expiredCredentials
        /// No credentials are available.
        case noCredentials
        /// The credentials are invalid or lack a permission.
        case accessDenied
        /// The service is not enabled in this account and Region.
        case notEnabled
        /// The requested resource does not exist.
        case notFound
        /// The request is invalid, by AWS's verdict or by a check before sending.
        case invalid
        /// The task was canceled.
        case canceled
        /// Anything else, for example a response that does not come from the service.
        case other
    }

    /// The kind of failure.
    package let kind: Kind
    /// The called service.
    package let service: AWSService
    /// The called operation, for example `BatchImportFindings`.
    package let operation: String
    /// The HTTP status; nil without a response.
    package let status: Int?
    /// AWS's error code, for example `InvalidInputException`.
    package let code: String?
    /// The error message, from AWS or from the client; without secrets.
    package let message: String
    /// AWS's request ID, for AWS Support.
    package let requestID: String?
    /// How far the request got.
    package let stage: Stage

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

    /// Whether new credentials may fix it: the used ones have expired or are unknown to AWS.
    var mayBeFixedByNewCredentials: Bool {
        kind == .expiredCredentials || ["InvalidClientTokenId", "UnrecognizedClientException"].contains(code)
    }

    /// What failed, why, and what to do, in one line.
    package var description: String {
        var text = "\(service) \(operation) failed"
        let details = [code, status.map { "HTTP \($0)" }].compactMap { $0 }.joined(separator: ", ")
        if !details.isEmpty { text += " (\(details))" }
        text += ": \(message)"
        if let remediation { text += "\(message.hasSuffix(".") ? "" : ".") \(remediation)" }
        if let requestID { text += " [request \(requestID)]" }
        return text
    }

    /// The remediation; nil if the message has it already or none is known.
    private var remediation: String? {
        // The message has the remediation of the failed call.
        if stage == .credentials { return nil }
        return switch kind {
        case .throttled: "The account's quota is exceeded. Wait, or request a quota increase."
        case .transient: "Retry later."
        case .expiredCredentials: "Renew the credentials."
        case .noCredentials: "Configure credentials."
        case .accessDenied:
            "Allow \(service.actionPrefix):\(operation) for these credentials, and check the system clock."
        case .notEnabled: "Enable \(service) in this account and Region."
        case .notFound, .invalid, .canceled, .other: nil
        }
    }
}
