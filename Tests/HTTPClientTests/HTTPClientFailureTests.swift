import Encoding
import EventLoop
import HTTPClient
import HTTPTypes
import TestSupport
import Testing

@Suite("Failures in the HTTP client", .timeLimit(.minutes(15)))
struct HTTPClientFailureTests {
    @Test("a peer that does not respond in time: timed out, and the connection is closed")
    func timeout() async throws {
        try await withPeer { _ in
            .stayMute
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer, path: "/secret?token=1"), timeout: .milliseconds(50))
            }
            #expect(error.code == .timedOut)
            #expect(error.isTransient)
            #expect(!error.message.contains("secret"))
            await peer.wait { if case .closed = $0 { true } else { false } }
        }
    }

    @Test("the timeout includes the wait for a connection")
    func timeoutInQueue() async throws {
        try await withPeer { _ in
            .stayMute
        } configure: {
            $0.maximumConnectionsPerHost = 1
        } _: { client, peer in
            let first = Task { try await client.send(HTTPRequest(to: peer, path: "/first")) }
            await peer.wait { if case .received = $0 { true } else { false } }
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer, path: "/second"), timeout: .milliseconds(50))
            }
            #expect(error.code == .timedOut)
            #expect(peer.requests.map(\.path) == ["/first"])
            first.cancel()
            _ = await first.result
        }
    }

    @Test("a host that never responds, with many requests waiting for it, does not delay another host")
    func muteHost() async throws {
        try await withPeer { _ in
            .stayMute
        } configure: {
            $0.maximumConnectionsPerHost = 2
        } _: { client, mute in
            let path = mute.port
            let waiting = (0..<100).map { number in
                Task {
                    try await client.send(
                        HTTPRequest(method: .get, scheme: "http", authority: "127.0.0.1:\(path)", path: "/\(number)"))
                }
            }
            for _ in 0..<2 { await mute.wait { if case .received = $0 { true } else { false } } }
            let other = try await TestPeer(accepts: true) { .send(response($0.path)) }
            try await withCleanup {
                for number in 0..<20 {
                    let body = try await client.send(HTTPRequest(to: other, path: "/\(number)")).body
                    #expect(String(decoding: body, as: UTF8.self) == "/\(number)")
                }
            } cleanup: {
                await other.stop()
            }
            #expect(mute.requests.count == 2)
            for task in waiting { task.cancel() }
            for task in waiting { _ = await task.result }
        }
    }

    @Test("a TLS handshake without a response: connect timeout")
    func connectTimeout() async throws {
        try await withPeer { _ in
            .stayMute
        } configure: {
            $0.connectTimeout = .milliseconds(50)
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(
                    HTTPRequest(method: .get, scheme: "https", authority: "127.0.0.1:\(peer.port)", path: "/"))
            }
            #expect(error.code == .timedOut)
            #expect(error.message.contains("no connection to https://127.0.0.1:\(peer.port)"))
        }
    }

    @Test("a slow response on an open connection does not count as connecting")
    func connectTimeoutEnds() async throws {
        try await withPeer { _ in
            .stayMute
        } configure: {
            $0.connectTimeout = .seconds(1)
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer), timeout: .milliseconds(1500))
            }
            #expect(error.message.contains("no response"))
        }
    }

    @Test("a canceled task: its request is aborted and fails immediately")
    func cancel() async throws {
        try await withPeer { _ in
            .stayMute
        } _: { client, peer in
            let task = Task { try await client.send(HTTPRequest(to: peer)) }
            await peer.wait { if case .received = $0 { true } else { false } }
            task.cancel()
            let error = try await #require(throws: HTTPClientError.self) { _ = try await task.value }
            #expect(error.code == .canceled)
            await peer.wait { if case .closed = $0 { true } else { false } }
        }
    }

    @Test("a task canceled before sending: nothing is sent")
    func canceledBefore() async throws {
        try await withPeer { _ in
            .send(response())
        } _: { client, peer in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.send(HTTPRequest(to: peer))
            }
            let error = try await #require(throws: HTTPClientError.self) { _ = try await task.value }
            #expect(error.code == .canceled)
            #expect(peer.acceptedConnections == 0)
        }
    }

    @Test("shutdown cancels requests in flight and rejects later ones")
    func shutdown() async throws {
        try await withPeer { _ in
            .stayMute
        } _: { client, peer in
            let task = Task { try await client.send(HTTPRequest(to: peer)) }
            await peer.wait { if case .received = $0 { true } else { false } }
            await client.shutdown()
            let error = try await #require(throws: HTTPClientError.self) { _ = try await task.value }
            #expect(error.code == .canceled)
            let late = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer))
            }
            #expect(late.code == .canceled)
        }
    }

    @Test("a port without a listener: connect failed")
    func rejected() async throws {
        let peer = try await TestPeer { _ in .stayMute }
        await peer.stop()
        try await withClient { client in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer))
            }
            #expect(error.code == .connectFailed)
            #expect(error.isTransient)
        }
    }

    @Test("a name without an address: name not resolved")
    func unresolved() async throws {
        try await withClient { client in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(
                    HTTPRequest(method: .get, scheme: "http", authority: "no-such-host.invalid", path: "/"))
            }
            #expect(error.code == .nameNotResolved)
        }
    }

    @Test("a connection that breaks before the response: reported, not retried")
    func broken() async throws {
        try await withPeer { _ in
            .sendAndClose("")
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(.post, to: peer), body: [1])
            }
            #expect(error.code == .connectionLost)
            #expect(error.isTransient)
            #expect(peer.requests.count == 1)
        }
    }

    @Test("a connection closed right after it was accepted: connection lost")
    func closedImmediately() async throws {
        try await withPeer(accepts: false) { _ in
            .stayMute
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer))
            }
            #expect(error.code == .connectionLost)
        }
    }

    @Test("a body that ends before its length: connection lost")
    func partial() async throws {
        try await withPeer { _ in
            .sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer))
            }
            #expect(error.code == .connectionLost)
        }
    }

    @Test("a response that is not HTTP/1: rejected", arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/0.9 200\r\n\r\n"])
    func notHTTP(text: String) async throws {
        try await withPeer { _ in
            .sendAndClose(text)
        } _: { client, peer in
            let error = try await failure { () async throws(HTTPClientError) in
                try await client.send(HTTPRequest(to: peer))
            }
            #expect(error.code == .other)
            #expect(!error.isTransient)
        }
    }
}
