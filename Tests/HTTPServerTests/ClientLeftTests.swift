import Encoding
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Disconnected clients", .timeLimit(.minutes(15)))
struct ClientLeftTests {
    /// The paths of the requests that a handler has started, and whether it saw the client disconnect.
    private final class Seen: Sendable {
        let paths = Mutex<[String]>([])
        let sawLeave = Atomic(false)
    }

    private static func handler(_ seen: Seen) -> Router.Handler {
        { request in
            seen.paths.withLock { $0.append(String(request.path)) }
            guard request.path == "/waits" else { return ServerResponse(status: .ok) }
            while !request.clientHasLeft { try? await Task.sleep(for: .milliseconds(2)) }
            seen.sawLeave.store(true, ordering: .relaxed)
            return ServerResponse(status: .ok)
        }
    }

    @Test("A handler can detect that its client has disconnected, by close or by reset", arguments: [false, true])
    func leaves(resets: Bool) async throws {
        let seen = Seen()
        try await withServer(handler: Self.handler(seen)) { server in
            let client = try ClientSocket(port: server.port)
            client.send(get("/waits"))
            try await eventually("the request to begin") { seen.paths.withLock { $0 == ["/waits"] } }
            let sawLeave = seen.sawLeave.load(ordering: .relaxed)
            #expect(!sawLeave)
            client.close(resets: resets)
            try await eventually("the handler to see it") { seen.sawLeave.load(ordering: .relaxed) }
            try await server.wait { $0.connections.isEmpty }
        }
    }

    @Test("Pipelined requests are not handled after their connection was reset")
    func pipelined() async throws {
        let seen = Seen()
        try await withServer(handler: Self.handler(seen)) { server in
            let client = try ClientSocket(port: server.port)
            client.send(get("/waits") + get("/behind") + get("/behind"))
            try await eventually("the request to begin") { seen.paths.withLock { $0 == ["/waits"] } }
            client.close(resets: true)
            try await server.wait { $0.connections.isEmpty }
            #expect(seen.paths.withLock { $0 } == ["/waits"])
        }
    }

    @Test(
        "Each request that a handler received is reported once when it is completed, also if its connection was reset")
    func reported() async throws {
        let seen = Seen()
        try await withServer(handler: Self.handler(seen)) { server in
            let client = try ClientSocket(port: server.port)
            client.send(get("/first") + get("/second") + get("/waits") + get("/behind"))
            try await eventually("the request to begin") { seen.paths.withLock { $0.last == "/waits" } }
            client.close(resets: true)
            try await server.wait { $0.connections.isEmpty }
            let last = try ClientSocket(port: server.port)
            last.send(get("/last"))
            var reported: [AccessLogEntry] = []
            for await answer in server.answers {
                reported.append(answer)
                if answer.path == "/last" { break }
            }
            #expect(reported.map(\.path) == ["/first", "/second", "/waits", "/last"])
            #expect(Set(reported.map(\.id)).count == 4)
        }
    }
}
