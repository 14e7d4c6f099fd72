public import ErrorCodes
public import HTTPTypes

/// Why a request cannot be read. The connection ends after the answer, because it is not sure where the next request
/// would start.
public struct HTTPRequestError: Error, Hashable, Sendable {
    /// The answer's status.
    public let status: HTTPResponse.Status
    /// A word for programs.
    public let code: ErrorCode
    /// What is wrong and what to do, for people.
    public let message: String

    /// After how many seconds it may be better, for an answer of 503.
    var retryAfter: Int? { status == .serviceUnavailable ? 10 : nil }

    init(_ status: HTTPResponse.Status, _ code: ErrorCode, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// A violation of HTTP's grammar (RFC 9110, RFC 9112).
    static func malformed(_ message: String) -> HTTPRequestError {
        HTTPRequestError(.badRequest, .malformedRequest, message)
    }

    static let requestLineTooLong = HTTPRequestError(
        .uriTooLong, .targetTooLong, "The request line is too long. Send a shorter target.")
    static let headTooLarge = HTTPRequestError(
        .requestHeaderFieldsTooLarge, .headerFieldsTooLarge,
        "The header fields are too large. Send fewer or shorter ones.")
    static let bodyTooLarge = HTTPRequestError(
        .contentTooLarge, .bodyTooLarge, "The body is larger than this server takes. Send a smaller one.")
    static let tunnel = HTTPRequestError(
        .notImplemented, .methodNotImplemented, "This server opens no tunnels; send any method but CONNECT.")
    static let transferCoding = HTTPRequestError(
        .notImplemented, .transferCodingNotSupported,
        "Send the body with Content-Length or with Transfer-Encoding: chunked.")
    static let version = HTTPRequestError(
        .httpVersionNotSupported, .httpVersionNotSupported, "Send the request as HTTP/1.1.")
    static let overloaded = HTTPRequestError(
        .serviceUnavailable, .overloaded, "This server holds too many requests just now. Send it again later.")
    static let expectation = HTTPRequestError(
        .expectationFailed, .expectationFailed, "The only expectation met here is 100-continue.")
}
