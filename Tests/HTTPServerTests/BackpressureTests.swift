import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Backpressure", .timeLimit(.minutes(15)))
struct BackpressureTests {
    @Test("a slow client receives everything, and at most one response is buffered for it")
    func slowReader() async throws {
        let answered = Counter()
        let handler: Router.Handler = { request in
            answered.increment()
            return await exampleRouter.respond(to: request)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            // More bytes than the system buffers, and more requests than are read ahead.
            let count = 60
            let requests = String(repeating: get("/large"), count: count)
            client.send(requests)
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            #expect(answered.count < count)
            var largest = (queued: 0, pending: 0)
            for _ in 0..<count {
                let unsent = await server.unsent()
                largest = (max(largest.queued, unsent.queued), max(largest.pending, unsent.pending))
                let response = try await onThread { client.readResponse() }
                #expect(response?.body == largeBody)
            }
            #expect(answered.count == count)
            #expect(largest.queued <= largeBody.count)
            #expect((1...OutputQueue.chunkLength).contains(largest.pending))
        }
    }

    @Test("reading stops for a client that keeps sending while a request is handled")
    func endlessSender() async throws {
        let gate = Gate()
        let handler: Router.Handler = { _ in
            await gate.wait()
            return ServerResponse(status: .ok)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            async let sent = onThread { () -> Int in
                // Until the server has closed the connection, so that sending fails.
                let request = Array(get("/", "X: \(String(repeating: "x", count: 1000))\r\n").utf8)
                var sent = 0
                while client.send(request) { sent += request.count }
                return sent
            }
            try await server.wait {
                $0.connections.all.contains { $0.bufferedBytes >= HTTP1ConnectionStateMachine.maximumAhead }
            }
            let ahead = await server.look { $0.connections.all.reduce(0) { $0 + $1.bufferedBytes } }
            // The limit of read-ahead, and the bytes of the last read.
            #expect(
                (HTTP1ConnectionStateMachine.maximumAhead...HTTP1ConnectionStateMachine.maximumAhead + 65_536).contains(
                    ahead))
            gate.open()
            _ = await server.server.drain(within: .seconds(0))
            #expect(try await sent > ahead)
            client.close()
        }
    }

    @Test("reading stops for a client that keeps sending and reads no responses")
    func endlessSenderWithoutReading() async throws {
        try await withServer { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096, sendTimeout: 300_000)
            // Far more than the system buffers.
            let total = 67_108_864
            let sent = try await onThread { () -> Int in
                let request = Array(get("/large", "X: \(String(repeating: "x", count: 1000))\r\n").utf8)
                var sent = 0
                while sent < total, client.send(request) { sent += request.count }
                return sent
            }
            #expect(sent < total)
            let buffered = await server.look { $0.connections.all.reduce(0) { $0 + $1.bufferedBytes } }
            #expect(buffered <= HTTP1ConnectionStateMachine.maximumAhead + 65_536)
            client.close(resets: true)
        }
    }
}
