public import EventLoop
public import HTTPTypes

/// A request that has come whole.
public struct ServerRequest: Sendable {
    /// Method, target and header fields. `path` holds the target with its query.
    public let head: HTTPRequest
    /// The content; empty if there was none.
    public let body: [UInt8]
    /// The address that the request comes from, if it could be told: the client's own, by what trusted proxies say.
    public var peer: SocketAddress?
    /// Names the request in the answer's `X-Request-Id` and in logs; empty until a server has taken the request.
    public var id = ""

    var presence: ClientPresence?

    /// Whether the client sends nothing more: nearly always it has closed the connection, and no response reaches it.
    public var clientHasLeft: Bool { presence?.hasLeft ?? false }

    /// Makes a request.
    public init(head: HTTPRequest, body: [UInt8] = [], peer: SocketAddress? = nil) {
        self.head = head
        self.body = body
        self.peer = peer
    }

    /// The target's path without the query, as it was sent.
    public var path: Substring {
        let target = head.path ?? ""
        return target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)]
    }

    /// The target's query without the question mark, as it was sent; empty if there is none.
    public var query: Substring { Substring((head.path ?? "").utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()) }
}
