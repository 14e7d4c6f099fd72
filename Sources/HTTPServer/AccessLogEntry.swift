public import EventLoop
public import HTTPTypes

/// What became of a request, for an access log.
public struct AccessLogEntry: Sendable {
    /// The method, as it was sent.
    public let method: HTTPRequest.Method
    /// The target's path without the query, as it was sent.
    public let path: String
    /// The answer's status.
    public let status: HTTPResponse.Status
    /// The bytes of the request's content.
    public let received: Int
    /// The bytes of the answer's content.
    public let sent: Int
    /// From the whole request to its answer; of a stream to its end.
    public let duration: Duration
    /// The address that the request comes from, if it could be told.
    public let peer: SocketAddress?
    /// The request's id, as in the answer's `X-Request-Id`.
    public let id: String
    /// The version of TLS, for example `TLSv1.3`; nil for a plain connection.
    public let tls: String?
    /// What the client says it is, in 200 bytes at most.
    public let userAgent: String?
    /// What the handler said of its answer.
    public let details: [(name: String, value: String)]
}
