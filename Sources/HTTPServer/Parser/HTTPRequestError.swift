public import ErrorCodes
public import HTTPTypes

/// Why a request was rejected before a handler saw it. The connection is closed after the response, because the start of the
/// next request is unknown.
public struct HTTPRequestError: Error, Hashable, Sendable {
    /// The response's status.
    public let status: HTTPResponse.Status
    /// The response's code.
    public let code: ErrorCode
    /// What is wrong and what to do.
    public let message: String

    /// The value of `Retry-After`, in seconds; nil unless the status is 503.
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
        .uriTooLong, .targetTooLong, "Request line too long. Send a shorter target.")
    static let headTooLarge = HTTPRequestError(
        .requestHeaderFieldsTooLarge, .headerFieldsTooLarge,
        "Header too large. Send fewer or shorter header fields.")
    static let bodyTooLarge = HTTPRequestError(
        .contentTooLarge, .bodyTooLarge, "Body too large. Send a smaller body.")
    static let tunnel = HTTPRequestError(
        .notImplemented, .methodNotImplemented, "CONNECT is not supported. Use another method.")
    static let transferCoding = HTTPRequestError(
        .notImplemented, .transferCodingNotSupported,
        "Transfer coding not supported. Use Content-Length or Transfer-Encoding: chunked.")
    static let version = HTTPRequestError(
        .httpVersionNotSupported, .httpVersionNotSupported, "HTTP version not supported. Use HTTP/1.1.")
    static let overloaded = HTTPRequestError(
        .serviceUnavailable, .overloaded, "Overloaded: requests in progress hold too much memory. Retry later.")
    static let expectation = HTTPRequestError(
        .expectationFailed, .expectationFailed,
        "Expectation not supported. Remove the Expect header field, or send 100-continue.")
}
