public import Cryptography
public import EventLoop
public import HTTPTypes

extension HTTPServer {
    /// The configuration of a server.
    public struct Configuration: Sendable {
        /// The address to listen on; port 0 lets the system choose a free port.
        public var address: SocketAddress
        /// Certificate and key; nil for plain TCP.
        public var tls: TLSServerContext?
        /// The limits on requests.
        public var limits: HTTPLimits
        /// The time limits of connections.
        public var timeouts: HTTPTimeouts
        /// The limits of concurrent connections, over all loops.
        public var connections = ConnectionLimits()
        /// The proxies whose `X-Forwarded-For` is trusted.
        public var trustedProxies: [AddressBlock] = []
        /// Whether each connection must come from a trusted proxy and begin with a PROXY header of version 2.
        public var proxyProtocol = false
        /// Whether the body of a request is read. If not, the handler gets the request without its body as soon as the head is
        /// complete, and the connection is closed after the response. Runs on the event loop, and must not block it.
        public var wantsBody: @Sendable (HTTPRequest) -> Bool = { _ in true }
        /// The value of the responses' `Server` field; nil omits it.
        public var serverName: String?
        /// The interval of checking time limits. They count it as a second, whatever it is: tests shorten it.
        var tick = Duration.seconds(1)

        /// Creates a configuration.
        public init(
            address: SocketAddress, tls: TLSServerContext? = nil, limits: HTTPLimits = HTTPLimits(),
            timeouts: HTTPTimeouts = HTTPTimeouts()
        ) {
            self.address = address
            self.tls = tls
            self.limits = limits
            self.timeouts = timeouts
        }
    }
}
