public import EventLoop
public import HTTPTypes

/// A complete request.
public struct ServerRequest: Sendable {
    /// Method, target and header fields. Its `path` is the target including the query.
    public let head: HTTPRequest
    /// The content; empty if there is none.
    public let body: [UInt8]
    /// The client's address, if it is known; behind trusted proxies, the one that they report.
    public var peer: SocketAddress?
    /// The request id, as in the response's `X-Request-Id` and in logs; empty until a server has accepted the request.
    public var id = ""

    var presence: ClientPresence?

    /// Whether the client has closed its side of the connection. Almost always, no response reaches it any more.
    public var clientHasLeft: Bool { presence?.hasLeft ?? false }

    /// Creates a request.
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
