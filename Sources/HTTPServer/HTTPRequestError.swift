public import HTTPTypes

/// Why a request cannot be read. The connection ends after the answer, because it is not sure where the next request
/// would start.
public struct HTTPRequestError: Error, Hashable, Sendable {
    /// The answer's status.
    public let status: HTTPResponse.Status
    /// A word for programs.
    public let code: String
    /// What is wrong and what to do, for people.
    public let message: String

    /// After how many seconds it may be better, for an answer of 503.
    var retryAfter: Int? { status == .serviceUnavailable ? 10 : nil }

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// A violation of HTTP's grammar (RFC 9110, RFC 9112).
    static func malformed(_ message: String) -> HTTPRequestError {
        HTTPRequestError(.badRequest, "malformed_request", message)
    }

    static let requestLineTooLong = HTTPRequestError(
        .uriTooLong, "target_too_long", "The request line is too long. Send a shorter target.")
    static let headTooLarge = HTTPRequestError(
        .requestHeaderFieldsTooLarge, "header_fields_too_large",
        "The header fields are too large. Send fewer or shorter ones.")
    static let bodyTooLarge = HTTPRequestError(
        .contentTooLarge, "body_too_large", "The body is larger than this server takes. Send a smaller one.")
    static let tunnel = HTTPRequestError(
        .notImplemented, "method_not_implemented", "This server opens no tunnels; send any method but CONNECT.")
    static let transferCoding = HTTPRequestError(
        .notImplemented, "transfer_coding_not_supported",
        "Send the body with Content-Length or with Transfer-Encoding: chunked.")
    static let version = HTTPRequestError(
        .httpVersionNotSupported, "http_version_not_supported", "Send the request as HTTP/1.1.")
    static let overloaded = HTTPRequestError(
        .serviceUnavailable, "overloaded", "This server holds too many requests just now. Send it again later.")
    static let expectation = HTTPRequestError(
        .expectationFailed, "expectation_failed", "The only expectation met here is 100-continue.")
}
