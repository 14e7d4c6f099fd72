import Encoding
import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Draining", .timeLimit(.minutes(15)))
struct DrainTests {
    @Test("draining completes requests in progress, closes idle connections and refuses new ones")
    func drain() async throws {
        let (reached, gate) = (Gate(), Gate())
        let handler: Router.Handler = { request in
            if request.path == "/slow" {
                reached.open()
                await gate.wait()
            }
            return ServerResponse(status: .ok, body: Array(request.path.utf8))
        }
        try await withServer(handler: handler) { server in
            let port = server.port
            let (busy, idle) = (try ClientSocket(port: port), try ClientSocket(port: port))
            defer {
                busy.close()
                idle.close()
            }
            let before = try await onThread {
                idle.send(get("/quick"))
                return idle.readResponse()
            }
            #expect(before?.text == "/quick")
            busy.send(get("/slow") + get("/behind"))
            await reached.wait()
            async let forced = server.server.drain(within: .seconds(20))
            #expect(try await onThread { idle.readEnd() } == .closed)
            #expect(throws: ConnectionError.self) { try ClientSocket(port: port) }
            gate.open()
            let response = try await onThread { busy.readResponse() }
            #expect(response?.text == "/slow")
            #expect(response?.fields["connection"] == "close")
            #expect(try await onThread { busy.readEnd() } == .closed)
            busy.finishSending()
            #expect(await forced == 0)
        }
    }

    @Test("a server without connections drains immediately")
    func nothingToDrain() async throws {
        try await withServer { server in #expect(await server.server.drain(within: .seconds(20)) == 0) }
    }

    @Test("after the time limit connections are closed and counted, and their handlers are canceled")
    func force() async throws {
        let reached = Gate()
        let wasCanceled = Gate()
        let handler: Router.Handler = { _ in
            let gate = Gate()
            await withTaskCancellationHandler {
                reached.open()
                await gate.wait()
            } onCancel: {
                wasCanceled.open()
                gate.open()
            }
            return ServerResponse(status: .ok)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/"))
            await reached.wait()
            #expect(await server.server.drain(within: .milliseconds(1)) == 1)
            #expect(wasCanceled.isOpen)
            #expect(try await onThread { client.readEnd() } != .neither)
        }
    }

    @Test("draining waits for a handler whose client has disconnected, because it still runs on the loop")
    func handlerWithoutClient() async throws {
        let (reached, gate) = (Gate(), Gate())
        let hasEnded = Gate()
        let handler: Router.Handler = { _ in
            reached.open()
            await gate.wait()
            hasEnded.open()
            return ServerResponse(status: .ok)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            client.send(get("/"))
            await reached.wait()
            client.close(resets: true)
            try await server.wait { $0.connections.all.allSatisfy(\.isClosed) }
            async let forced = server.server.drain(within: .seconds(20))
            try await server.wait { $0.isDraining }
            gate.open()
            #expect(await forced == 0)
            #expect(hasEnded.isOpen)
        }
    }
}
