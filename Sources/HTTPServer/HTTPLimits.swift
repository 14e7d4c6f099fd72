/// How much one connection may ask of the server.
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

    /// Makes limits. The defaults leave room for the largest message that Amazon SNS delivers, 256 KiB that JSON's
    /// escapes can double twice.
    public init(requestLine: Int = 8192, head: Int = 16_384, headerFields: Int = 100, body: Int = 1_048_576) {
        self.requestLine = requestLine
        self.head = head
        self.headerFields = headerFields
        self.body = body
    }
}

/// How long a connection may take.
public struct HTTPTimeouts: Sendable, Hashable {
    /// From the first byte of a request, or of a TLS handshake, to its last one.
    public var request: Duration
    /// From an answer to the first byte of the next request.
    public var idle: Duration
    /// How long the peer may take nothing of an answer that waits for it.
    public var response: Duration

    /// Makes time limits; the server looks once a second.
    public init(request: Duration = .seconds(20), idle: Duration = .seconds(75), response: Duration = .seconds(20)) {
        self.request = request
        self.idle = idle
        self.response = response
    }
}
