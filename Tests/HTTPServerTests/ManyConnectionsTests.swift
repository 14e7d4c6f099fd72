import Encoding
import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Many connections", .timeLimit(.minutes(15)))
struct ManyConnectionsTests {
    private func ask(_ client: ClientSocket) async throws -> String? {
        try await onThread {
            client.send(get("/small"))
            return client.readResponse()?.text
        }
    }

    @Test("at the limit a new connection evicts the longest idle one")
    func evictsIdle() async throws {
        try await withServer {
            $0.connections = ConnectionLimits(total: 3, perAddress: 100)
        } _: { server in
            let clients = try (0..<3).map { _ in try ClientSocket(port: server.port) }
            // The second one is used first, and so is idle for longest.
            for index in [1, 0, 2] { #expect(try await ask(clients[index]) == "small ") }
            let newcomer = try ClientSocket(port: server.port)
            #expect(try await ask(newcomer) == "small ")
            #expect(try await onThread { clients[1].readEnd() } == .closed)
            #expect(try await ask(clients[0]) == "small ")
            #expect(try await ask(clients[2]) == "small ")
            for client in clients + [newcomer] { client.close() }
            await server.tick(1)
            var events = server.events.makeAsyncIterator()
            guard case .connectionLimitReached(idleClosed: 1, rejected: 0) = await events.next() else {
                Issue.record("the closing was not reported")
                return
            }
        }
    }

    @Test(
        "without an idle connection a new one is closed immediately, and the others are served",
        arguments: [
            ConnectionLimits(total: 2, perAddress: 100), ConnectionLimits(total: 100, perAddress: 2),
        ])
    func rejects(limits: ConnectionLimits) async throws {
        try await withServer {
            $0.connections = limits
        } _: { server in
            let clients = try (0..<2).map { _ in try ClientSocket(port: server.port) }
            for client in clients { client.send("GET /small HTTP/1.1\r\n") }
            try await server.wait { $0.connections.all.count { !$0.isIdle } == 2 }
            let newcomer = try ClientSocket(port: server.port)
            #expect(try await onThread { newcomer.readEnd() } == .reset)
            newcomer.close()
            for client in clients {
                let response = try await onThread {
                    client.send("Host: a\r\n\r\n")
                    return client.readResponse()
                }
                #expect(response?.status == 200)
                client.close()
            }
            await server.tick(1)
            var events = server.events.makeAsyncIterator()
            guard case .connectionLimitReached(idleClosed: 0, rejected: 1) = await events.next() else {
                Issue.record("the refusal was not reported")
                return
            }
        }
    }

    @Test("an address at its limit evicts its own idle connection")
    func ownIdle() async throws {
        try await withServer {
            $0.connections = ConnectionLimits(total: 100, perAddress: 1)
        } _: { server in
            let (first, second) = (try ClientSocket(port: server.port), try ClientSocket(port: server.port))
            #expect(try await ask(second) == "small ")
            #expect(try await onThread { first.readEnd() } == .closed)
            first.close()
            second.close()
        }
    }

    @Test("connections from trusted proxies count against no address")
    func proxies() async throws {
        try await withServer {
            $0.connections = ConnectionLimits(total: 100, perAddress: 1)
            $0.trustedProxies = [AddressBlock("127.0.0.0/8")].compactMap(\.self)
        } _: { server in
            let clients = try (0..<3).map { _ in try ClientSocket(port: server.port) }
            for client in clients + clients { #expect(try await ask(client) == "small ") }
            for client in clients { client.close() }
        }
    }

    @Test("requests that together exceed the limit of held bytes get 503, small ones are accepted")
    func bodiesInAll() async throws {
        try await withServer(limits: HTTPLimits(bodiesInAll: 100_000)) { server in
            let clients = try (0..<3).map { _ in try ClientSocket(port: server.port) }
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
            let half = [UInt8](repeating: 0x61, count: 59_999)
            clients[0].send(head)
            clients[0].send(half)
            try await server.wait { $0.heldBytes == 59_999 }
            clients[1].send(head)
            clients[1].send(half)
            let rejection = try await onThread { clients[1].readResponse() }
            #expect(rejection?.status == 503)
            #expect(rejection?.fields["retry-after"] == "10")
            #expect(rejection?.fields["connection"] == "close")
            #expect(try await ask(clients[2]) == "small ")
            let response = try await onThread {
                clients[0].send("b")
                return clients[0].readResponse()
            }
            #expect(response?.body == half + [0x62])
            for client in clients { client.close() }
            try await server.wait { $0.connections.isEmpty && $0.heldBytes == 0 }
        }
    }

    @Test("several loops share the connections of one port, and all respond")
    func severalLoops() async throws {
        try await withEventLoop { first in
            try await withEventLoop { second in
                let address = try #require(SocketAddress("127.0.0.1:0"))
                var configuration = HTTPServer.Configuration(address: address)
                // The last ones are silent until the others are done.
                configuration.timeouts.head = .seconds(600)
                configuration.timeouts.idle = .seconds(600)
                let server = try await HTTPServer(on: [first, second], configuration: configuration) {
                    await exampleRouter.respond(to: $0)
                }
                try await withCleanup {
                    let clients = try (0..<64).map { _ in try ClientSocket(port: server.address.port) }
                    for client in clients { #expect(try await ask(client) == "small ") }
                    let counts = [
                        await first.run { server.serverLoops[0].value.connections.count },
                        await second.run { server.serverLoops[1].value.connections.count },
                    ]
                    // The probability that all go to one of them is 2^-63.
                    #expect(counts[0] + counts[1] == 64 && !counts.contains(0), "\(counts)")
                    for client in clients { client.close() }
                } cleanup: {
                    await server.drain(within: .seconds(20))
                }
            }
        }
    }

    @Test("responses have Server and a unique X-Request-Id, which the event has, too")
    func fields() async throws {
        try await withServer {
            $0.serverName = "example"
        } _: { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            var answers = server.answers.makeAsyncIterator()
            var ids: Set<String> = []
            for status in [200, 404] {
                let response = try await onThread {
                    client.send(get(status == 200 ? "/small?secret" : "/none", "User-Agent: test\r\n"))
                    return client.readResponse()
                }
                #expect(response?.fields["server"] == "example")
                let id = try #require(response?.fields["x-request-id"])
                #expect(id.wholeMatch(of: /[0-9a-f]{20}/) != nil)
                ids.insert(id)
                let report = try #require(await answers.next())
                #expect(report.id == id && report.status.code == status)
                #expect(report.path == (status == 200 ? "/small" : "/none") && report.method == .get)
                #expect(report.sent == response?.body.count && report.received == 0)
                #expect(report.userAgent == "test" && report.tls == nil)
                #expect(report.peer?.host == "127.0.0.1")
            }
            #expect(ids.count == 2)
        }
    }
}
