import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Time limits", .timeLimit(.minutes(15)))
struct TimeLimitTests {
    private let timeouts = HTTPTimeouts()

    @Test("an idle connection is closed after the idle timeout, without an event")
    func idle() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            _ = try await onThread {
                client.send(get("/small"))
                return client.readResponse()
            }
            await server.tick(75)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } == .closed)
        }
    }

    @Test("a connection without any request is closed after the head timeout, without an event")
    func fresh() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            try await server.wait { !$0.connections.isEmpty }
            await server.tick(10)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } == .closed)
        }
    }

    @Test("a head that trickles in is timed out, however often a byte arrives")
    func slowRequest() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("GET / HTTP/1.1\r\nX: ")
            try await server.wait { $0.connections.all.contains { !$0.isIdle } }
            for _ in 0..<10 {
                client.send("x")
                await server.tick(1)
            }
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } != .neither)
            try await expectTimeOut(server, .head)
        }
    }

    @Test("a body that pauses is timed out after the pause limit")
    func pausedBody() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
            try await server.wait { $0.connections.all.contains { $0.machine.isInsideBody } }
            await server.tick(10)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } != .neither)
            try await expectTimeOut(server, .body)
        }
    }

    @Test("a body that trickles in is timed out after the request limit, however often a byte arrives")
    func slowBody() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
            for second in 0..<30 {
                client.send("x")
                try await server.wait { $0.connections.all.contains { $0.machine.heldBytes == second + 1 } }
                await server.tick(1)
            }
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } != .neither)
            try await expectTimeOut(server, .body)
        }
    }

    @Test("a client that reads nothing of a response is timed out")
    func slowResponse() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            client.send(String(repeating: get("/large"), count: 20))
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            await server.tick(21)
            try await server.wait { $0.connections.isEmpty }
            try await expectTimeOut(server, .response)
        }
    }

    @Test("a handler has no time limit")
    func slowHandler() async throws {
        let (reached, gate) = (Gate(), Gate())
        let handler: Router.Handler = { _ in
            reached.open()
            await gate.wait()
            return ServerResponse(status: .ok)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/"))
            await reached.wait()
            await server.tick(1000)
            gate.open()
            #expect(try await onThread { client.readResponse() }?.status == 200)
        }
    }

    @Test("a client that does not close after its last response is disconnected")
    func lingering() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let end = try await onThread {
                client.send(get("/small", "Connection: close\r\n"))
                _ = client.readResponse()
                return client.readEnd()
            }
            #expect(end == .closed)
            await server.tick(5)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            try await server.wait { $0.connections.isEmpty }
        }
    }

    @Test("a stalled TLS handshake is timed out")
    func handshake() async throws {
        try await withServer(tls: TestCertificates.shared.context) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            try await server.wait { !$0.connections.isEmpty }
            await server.tick(10)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } != .neither)
            try await expectTimeOut(server, .handshake)
        }
    }

    private func expectTimeOut(_ server: TestServer, _ expected: HTTPTimeouts.Limit) async throws {
        var events = server.events.makeAsyncIterator()
        guard case .timedOut(let limit, let peer) = await events.next() else {
            Issue.record("the time-out was not reported")
            return
        }
        #expect(limit == expected)
        #expect(peer?.host == "127.0.0.1")
    }
}
