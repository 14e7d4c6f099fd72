import Encoding
import HTTPTypes
import JSON

/// A service's error response.
struct AWSErrorResponse: Hashable {
    /// The HTTP status.
    let status: Int
    /// AWS's error code; nil if the response has none.
    let code: String?
    /// AWS's error message; empty if there is none.
    let message: String
    /// AWS's request ID.
    let requestID: String?

    /// The size limit of a parsed body, in bytes.
    private static let maximumBodyBytes = 65_536

    /// Parses code and message from `x-amzn-ErrorType` and a JSON body (AWS restJson1 protocol), or from an XML body
    /// (AWS query protocol).
    ///
    /// - Parameter credentials: the credentials that signed the request; their secrets are removed from the message,
    ///   because AWS's message about a wrong signature quotes the signed text, including the session token.
    init(_ response: HTTPResponse, body: [UInt8], hiding credentials: Credentials?) {
        status = response.status.code
        let body = body.count > Self.maximumBodyBytes ? [] : body
        let json = try? JSON(parsing: body)
        let names = [
            Self.field("x-amzn-ErrorType", of: response), json?["__type"]?.string, json?["code"]?.string,
            json?["Code"]?.string, XMLText.element("Code", in: body),
        ]
        code = names.lazy.compactMap { $0.flatMap(Self.name) }.first
        let messages = [
            json?["message"]?.string, json?["Message"]?.string, XMLText.element("Message", in: body),
        ]
        var message = messages.lazy.compactMap { $0 }.first ?? ""
        for secret in [credentials?.secretAccessKey, credentials?.sessionToken].compactMap(\.self) where !secret.isEmpty
        {
            message = message.replacing(secret, with: "[hidden]")
        }
        self.message = Self.printable(message, limit: 1000)
        requestID =
            Self.requestID(of: response)
            ?? XMLText.element("RequestId", in: body).map { Self.printable($0, limit: 128) }
    }

    /// AWS's request ID in the header of a response; nil if there is none.
    static func requestID(of response: HTTPResponse) -> String? {
        field("x-amzn-RequestId", of: response).map { printable($0, limit: 128) }
    }

    private static func field(_ name: String, of response: HTTPResponse) -> String? {
        HTTPField.Name(name).flatMap { response.headerFields[$0] }
    }

    /// Strips the namespace and the URL: `ns#Name:http://…` is `Name`.
    private static func name(_ text: String) -> String? {
        let bare = text.prefix { $0 != ":" }.split(separator: "#").last ?? ""
        let isName = bare.utf8.allSatisfy { PercentEncoding.isUnreserved($0) }
        return (1...128).contains(bare.utf8.count) && isName ? String(bare) : nil
    }

    private static func printable(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars.lazy.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return String(String.UnicodeScalarView(scalars.prefix(limit)))
    }

    /// The kind of failure.
    var kind: AWSError.Kind { Self.kind(status: status, code: code ?? "", message: message) }

    /// Classifies a failure by its code and, if the code is unknown, by its status. The codes are those of AWS's
    /// "Common errors", of the service models of IoT and Security Hub, and those that AWS's SDKs retry.
    static func kind(status: Int, code: String, message: String) -> AWSError.Kind {
        if throttlingCodes.contains(code) { return .throttled }
        if transientCodes.contains(code) { return .transient }
        if expirationCodes.contains(code) { return .expiredCredentials }
        // Security Hub uses one code for both.
        if code == "InvalidAccessException" { return message.contains("not subscribed") ? .notEnabled : .accessDenied }
        if denialCodes.contains(code) { return .accessDenied }
        if code == "ResourceNotFoundException" { return .notFound }
        switch status {
        case 429: return .throttled
        case 408, 500...: return .transient
        case 401, 403: return .accessDenied
        // An unknown code says nothing about the request; only these do.
        case 400..<500 where inputCodes.contains(code): return .invalid
        default: return .other
        }
    }

    /// Whether an AWS service processed the request. A response without an error code, or from a service that does not
    /// know the operation, comes from something else, such as a proxy.
    var stage: AWSError.Stage {
        switch status {
        case 408, 429, 500...: .response
        default: code == nil || code == "UnknownOperationException" ? .connection : .response
        }
    }

    /// Codes that reject the request's content.
    private static let inputCodes: Set<String> = [
        "InvalidIdentityToken", "InvalidIdentityTokenException", "InvalidInput", "InvalidInputException",
        "InvalidParameter", "InvalidParameterCombination",
        "InvalidParameterException", "InvalidParameterValue", "InvalidParameterValueException",
        "InvalidQueryParameter", "InvalidRequest", "InvalidRequestException", "MalformedPolicyDocument",
        "MalformedPolicyDocumentException", "MissingParameter", "PackedPolicyTooLarge",
        "PackedPolicyTooLargeException", "SerializationException", "ValidationError", "ValidationException",
    ]

    private static let throttlingCodes: Set<String> = [
        "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
        "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
        "TooManyRequests", "TooManyRequestsException", "TransactionInProgressException",
    ]

    private static let transientCodes: Set<String> = [
        "IDPCommunicationError", "IDPCommunicationErrorException", "InternalError", "InternalException",
        "InternalFailure", "InternalFailureException", "InternalServerError",
        "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException",
    ]

    private static let expirationCodes: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
    ]

    private static let denialCodes: Set<String> = [
        "AccessDenied", "AccessDeniedException", "IDPRejectedClaim", "IDPRejectedClaimException", "IncompleteSignature",
        "IncompleteSignatureException", "InvalidClientTokenId", "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized", "OptInRequired", "RegionDisabledException", "RequestInTheFuture", "RequestTimeTooSkewed",
        "SignatureDoesNotMatch", "UnauthorizedException", "UnrecognizedClientException",
    ]
}
