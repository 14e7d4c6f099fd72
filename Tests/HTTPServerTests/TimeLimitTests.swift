import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Time limits", .timeLimit(.minutes(1)))
struct TimeLimitTests {
    private let timeouts = HTTPTimeouts()

    @Test("a connection that stays idle is closed after the idle limit, without a report")
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

    @Test("a connection on which nothing was ever asked is closed after the limit for a head, without a report")
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

    @Test("a head that trickles in is cut off after the limit for a head, however often a byte comes")
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

    @Test("a body that pauses is cut off after the limit for a pause")
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

    @Test("a body that trickles in is cut off after the limit for a request, however often a byte comes")
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

    @Test("a client that takes nothing of an answer is cut off after the response limit")
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

    @Test("a handler may take as long as it needs")
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

    @Test("a client that does not close after its last answer is cut off")
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

    @Test("a TLS handshake that does not go on is cut off after its limit")
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
