public import EventLoop
public import HTTPTypes

/// A completed request, for an access log.
public struct AccessLogEntry: Sendable {
    /// The method, as it was sent.
    public let method: HTTPRequest.Method
    /// The target's path without the query, as it was sent.
    public let path: String
    /// The response's status.
    public let status: HTTPResponse.Status
    /// The length of the request's content, in bytes.
    public let received: Int
    /// The length of the response's content, in bytes.
    public let sent: Int
    /// The time from the complete request to its response, or to the end of a streaming response.
    public let duration: Duration
    /// The client's address, if it is known.
    public let peer: SocketAddress?
    /// The request id, as in the response's `X-Request-Id`.
    public let id: String
    /// The TLS version, for example `TLSv1.3`; nil for a plain connection.
    public let tls: String?
    /// The `User-Agent` field, at most 200 bytes.
    public let userAgent: String?
}
