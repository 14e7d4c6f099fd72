/// The limits on the size of requests.
public struct HTTPLimits: Sendable, Hashable {
    /// The longest request line, in bytes without the line terminator.
    public var requestLine: Int
    /// The longest request head, in bytes: request line and header fields with line terminators, without the empty line after
    /// them. Chunk extensions and trailer fields count, too.
    public var head: Int
    /// The most header fields of a request.
    public var headerFields: Int
    /// The longest body, in bytes without chunk framing.
    public var body: Int
    /// The most bytes of requests in progress, over all connections. A request that would exceed it is rejected with 503.
    /// Requests of up to 8 KiB are always accepted.
    public var bodiesInAll: Int

    /// Creates limits. The default for bodies allows the largest message of Amazon SNS: 256 KiB, up to four times as long
    /// with JSON escapes.
    public init(
        requestLine: Int = 8192, head: Int = 16_384, headerFields: Int = 100, body: Int = 1_048_576,
        bodiesInAll: Int = 268_435_456
    ) {
        self.requestLine = requestLine
        self.head = head
        self.headerFields = headerFields
        self.body = body
        self.bodiesInAll = bodiesInAll
    }
}

/// The time limits of a connection.
public struct HTTPTimeouts: Sendable, Hashable {
    /// The time limit that a client exceeded.
    public enum Limit: String, Sendable, Hashable {
        /// ``HTTPTimeouts/handshake``
        case handshake
        /// ``HTTPTimeouts/head``
        case head
        /// ``HTTPTimeouts/bodyPause`` or ``HTTPTimeouts/request``
        case body
        /// ``HTTPTimeouts/response``
        case response
    }

    /// The time from the start of the connection to the end of its PROXY header and TLS handshake.
    public var handshake: Duration
    /// The time from the first byte of a request head to its last; for the first request from the start of the connection.
    public var head: Duration
    /// The time between two reads of a body.
    public var bodyPause: Duration
    /// The time from the first byte of a request to its last.
    public var request: Duration
    /// The time from a response to the first byte of the next request.
    public var idle: Duration
    /// The time that a client may read nothing of a pending response.
    public var response: Duration

    /// Creates time limits. The server checks them once a second.
    public init(
        handshake: Duration = .seconds(10), head: Duration = .seconds(10), bodyPause: Duration = .seconds(10),
        request: Duration = .seconds(30), idle: Duration = .seconds(75), response: Duration = .seconds(20)
    ) {
        self.handshake = handshake
        self.head = head
        self.bodyPause = bodyPause
        self.request = request
        self.idle = idle
        self.response = response
    }
}
