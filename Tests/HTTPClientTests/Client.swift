import Encoding
import HTTPClient
import HTTPTypes
import TestSupport
import Testing

/// Runs a test with a client, and checks that it leaves nothing open on its loop.
func withClient(
    _ configure: (inout HTTPClient.Configuration) -> Void = { _ in }, _ body: (HTTPClient) async throws -> Void
) async throws {
    try await withEventLoop { loop in
        var configuration = HTTPClient.Configuration()
        configure(&configuration)
        let client = try await HTTPClient(loop: loop, configuration: configuration)
        try await withCleanup {
            try await body(client)
        } cleanup: {
            await client.shutdown()
        }
    }
}

/// Runs a test with a client and a peer.
func withPeer(
    accepts: Bool = true, _ reply: @escaping @Sendable (TestPeer.Request) -> TestPeer.Reply,
    configure: (inout HTTPClient.Configuration) -> Void = { _ in },
    _ body: (HTTPClient, TestPeer) async throws -> Void
) async throws {
    let peer = try await TestPeer(accepts: accepts, reply: reply)
    try await withCleanup {
        try await withClient(configure) { client in try await body(client, peer) }
    } cleanup: {
        await peer.stop()
    }
}

/// A response with a body of known length.
func response(_ body: String = "", status: String = "200 OK", fields: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
}

extension HTTPRequest {
    /// A request to the peer.
    init(_ method: Method = .get, to peer: TestPeer, path: String = "/", fields: HTTPFields = [:]) {
        self.init(
            method: method, scheme: "http", authority: "127.0.0.1:\(peer.port)", path: path, headerFields: fields)
    }
}

/// The error thrown by a closure.
func failure(
    of body: () async throws(HTTPClientError) -> (response: HTTPResponse, body: [UInt8]),
    sourceLocation: SourceLocation = #_sourceLocation
) async throws -> HTTPClientError {
    try await #require(throws: HTTPClientError.self, sourceLocation: sourceLocation) { _ = try await body() }
}
