import Cryptography
import Encoding
import EventLoop
import Foundation
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// A server on its own loop, for one test.
struct TestServer {
    let loop: EventLoop
    let server: HTTPServer
    /// The server's events, except completed requests.
    let events: AsyncStream<HTTPServerEvent>
    /// The completed requests.
    let answers: AsyncStream<AccessLogEntry>

    var port: UInt16 { server.address.port }

    /// Reads the server's state on its thread.
    func look<Value>(_ body: @Sendable (ServerLoop) -> sending Value) async -> sending Value {
        await loop.run { body(server.serverLoops[0].value) }
    }

    /// Advances the server's clock by a number of seconds.
    func tick(_ seconds: Int) async { await look { serverLoop in for _ in 0..<seconds { serverLoop.tick() } } }

    /// Waits until a condition holds on the loop's thread.
    func wait(until condition: @Sendable (ServerLoop) -> Bool) async throws {
        try await eventually("a state of the server") { await look { condition($0) } }
    }

    /// The unsent bytes of all connections.
    func unsent() async -> (queued: Int, pending: Int) {
        await look { serverLoop in
            serverLoop.connections.all.reduce((0, 0)) { sum, connection in
                (sum.0 + connection.unsentBytes.queued, sum.1 + connection.unsentBytes.pending)
            }
        }
    }
}

/// Runs a test with a server whose clock is stopped, drains the server, and checks that no connection is left.
func withServer(
    limits: HTTPLimits = HTTPLimits(), tls: TLSServerContext? = nil,
    configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    handler: @escaping Router.Handler = { await exampleRouter.respond(to: $0) },
    _ body: (TestServer) async throws -> Void
) async throws {
    try await withEventLoop { loop in
        let address = try #require(SocketAddress("127.0.0.1:0"))
        var configuration = HTTPServer.Configuration(address: address, tls: tls, limits: limits)
        configuration.tick = .seconds(86_400)
        configure(&configuration)
        let (events, continuation) = AsyncStream.makeStream(of: HTTPServerEvent.self)
        let (answers, answered) = AsyncStream.makeStream(of: AccessLogEntry.self)
        let server = try await HTTPServer(on: loop, configuration: configuration, handler: handler) { event in
            if case .completed(let request) = event { answered.yield(request) } else { continuation.yield(event) }
        }
        try await withCleanup {
            try await body(TestServer(loop: loop, server: server, events: events, answers: answers))
        } cleanup: {
            // The test may have drained the server itself.
            if await loop.run({ !server.serverLoops[0].value.isDraining }) { await server.drain(within: .seconds(20)) }
            let connections = await loop.run { server.serverLoops[0].value.connections.count }
            #expect(connections == 0)
        }
    }
}

/// The routes of most tests: small responses, large ones, and an echo.
let exampleRouter: Router = {
    var router = Router()
    router.on(.get, "/small") { request in ServerResponse(status: .ok, body: Array("small \(request.query)".utf8)) }
    router.on(.get, "/large") { _ in ServerResponse(status: .ok, body: largeBody) }
    router.on(.post, "/echo") { request in ServerResponse(status: .ok, body: request.body) }
    return router
}()

/// A megabyte without repetitions.
let largeBody = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

/// A gate that tasks wait at until it is opened.
final class Gate: Sendable {
    private let state = Locked((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// A thread-safe counter.
final class Counter: Sendable {
    private let number = Atomic(0)
    var count: Int { number.load(ordering: .acquiring) }
    func increment() { number.add(1, ordering: .acquiringAndReleasing) }
}

func get(_ target: String, _ fields: String = "") -> String { "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n" }
