import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Clients that have left", .timeLimit(.minutes(1)))
struct ClientLeftTests {
    /// The paths of the requests that a handler has begun, and whether it saw the client leave.
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

    @Test("A handler can tell that its client has left, however it left", arguments: [false, true])
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

    @Test("Requests behind one whose connection was reset are not begun")
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
}
