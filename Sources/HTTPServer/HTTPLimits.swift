/// How much the clients may ask of the server.
public struct HTTPLimits: Sendable, Hashable {
    /// The longest request line, in bytes without its line end.
    public var requestLine: Int
    /// The longest request head in bytes: request line and header fields with their line ends, without the empty line
    /// behind them. Chunk extensions and trailer fields count, too.
    public var head: Int
    /// The most header fields in one request.
    public var headerFields: Int
    /// The longest body, in bytes, chunk framing not counted.
    public var body: Int
    /// How many bytes of requests may be held in all, over all connections, before they are answered. A request that
    /// would exceed it is answered with 503. Requests of up to 8 KiB are always taken.
    public var bodiesInAll: Int

    /// Makes limits. The defaults leave room for the largest message that Amazon SNS delivers, 256 KiB that JSON's
    /// escapes can double twice.
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

/// How long a connection may take.
public struct HTTPTimeouts: Sendable, Hashable {
    /// What a client took too long for.
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

    /// From the connection's start to the end of its PROXY header and its TLS handshake.
    public var handshake: Duration
    /// From the first byte of a request head to its last one; for a connection's first request from its start.
    public var head: Duration
    /// Between two pieces of a body.
    public var bodyPause: Duration
    /// From the first byte of a request to its last one.
    public var request: Duration
    /// From an answer to the first byte of the next request.
    public var idle: Duration
    /// How long the peer may take nothing of an answer that waits for it.
    public var response: Duration

    /// Makes time limits; the server looks once a second.
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
