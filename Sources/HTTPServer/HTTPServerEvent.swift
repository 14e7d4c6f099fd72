public import EventLoop

/// What a server tells its owner, beside what its handlers see.
public enum HTTPServerEvent: Sendable {
    /// A handler's answer is on its way.
    case answered(AccessLogEntry)
    /// A request that cannot be read was answered with an error.
    case rejected(HTTPRequestError, id: String, peer: SocketAddress?)
    /// A TLS handshake or record was refused.
    case tlsFailed(reason: String, peer: SocketAddress?)
    /// A connection does not start with a PROXY header that can be read, or comes from an address that may send none.
    case proxyHeaderRejected(reason: String, peer: SocketAddress?)
    /// A client took longer than a time limit allows, in the middle of something.
    case timedOut(HTTPTimeouts.Limit, peer: SocketAddress?)
    /// In the last second connections were closed because there were too many: idle ones, and new ones at once.
    case connectionLimitReached(idleClosed: Int, rejected: Int)
}
