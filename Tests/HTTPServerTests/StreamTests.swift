import Encoding
import EventLoop
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

@Suite("Streams", .timeLimit(.minutes(15)))
struct StreamTests {
    /// How a stream ended, from the writer's view.
    private final class Ends: Sendable {
        private let state = Locked([String]())
        var seen: [String] { state.withLock { $0 } }
        func note(_ end: String) { state.withLock { $0.append(end) } }
    }

    /// Streams `/stream`, and responds to any other path immediately.
    private func handler(_ stream: @escaping ServerResponse.Stream) -> Router.Handler {
        { request in
            request.path == "/stream"
                ? ServerResponse(status: .ok, headerFields: [.contentType: "text/event-stream"], stream: stream)
                : ServerResponse(status: .ok, body: Array(request.path.utf8))
        }
    }

    /// Writes until an error occurs, and records how the stream ended.
    private func endless(_ ends: Ends, chunk: [UInt8] = Array("tick".utf8)) -> ServerResponse.Stream {
        { writer in
            do {
                while true { try await writer.write(chunk) }
            } catch {
                ends.note(Task.isCancelled ? "canceled" : "\(error)")
                throw error
            }
        }
    }

    /// Writes one chunk, waits until it is canceled, and then returns normally.
    private func waiting(_ ends: Ends) -> ServerResponse.Stream {
        { writer in
            try await writer.write(Array("first".utf8))
            let (never, continuation) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            withExtendedLifetime(continuation) {}
            ends.note(Task.isCancelled ? "canceled" : "not canceled")
        }
    }

    // MARK: Normal streams

    @Test("chunks arrive in order as they are written, and the connection then handles pipelined requests")
    func order() async throws {
        let (reached, gate) = (Gate(), Gate())
        let handler = handler { writer in
            try await writer.write(Array("one".utf8))
            reached.open()
            await gate.wait()
            try await writer.write([])
            try await writer.write(Array("two".utf8))
            try await writer.write(largeBody)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/stream") + get("/behind"))
            let head = try await onThread { client.readResponse() }
            #expect(head?.status == 200)
            #expect(head?.fields["transfer-encoding"] == "chunked")
            #expect(head?.fields["content-type"] == "text/event-stream")
            #expect(head?.fields["content-length"] == nil)
            #expect(try await onThread { client.readChunk() } == Array("one".utf8))
            await reached.wait()
            gate.open()
            let rest = try await onThread { (client.readChunk(), client.readChunk(), client.readChunk()) }
            #expect(rest.0 == Array("two".utf8))
            #expect(rest.1 == largeBody)
            #expect(rest.2 == [])
            #expect(try await onThread { client.readResponse() }?.text == "/behind")
            client.send(get("/later"))
            #expect(try await onThread { client.readResponse() }?.text == "/later")
            var answers = server.answers.makeAsyncIterator()
            #expect(await answers.next()?.sent == 6 + largeBody.count)
        }
    }

    @Test("an HTTP/1.0 client receives the content without chunk framing, then the end of the connection")
    func oldVersion() async throws {
        let handler = handler { writer in
            try await writer.write(Array("one".utf8))
            try await writer.write(Array("two".utf8))
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("GET /stream HTTP/1.0\r\n\r\n")
            let head = try await onThread { client.readResponse() }
            #expect(head?.fields["transfer-encoding"] == nil)
            #expect(head?.fields["connection"] == "close")
            #expect(try await onThread { client.read(6) } == Array("onetwo".utf8))
            #expect(try await onThread { client.readEnd() } == .closed)
        }
    }

    @Test("HEAD receives the head, and nothing is written")
    func head() async throws {
        let called = Counter()
        let handler = handler { _ in called.increment() }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + get("/behind"))
            let head = try await onThread { client.readResponse(hasBody: false) }
            #expect(head?.fields["content-type"] == "text/event-stream")
            #expect(try await onThread { client.readResponse() }?.text == "/behind")
            #expect(called.count == 0)
        }
    }

    @Test("a stream may be silent without a time limit")
    func silence() async throws {
        let (gate, ends) = (Gate(), Ends())
        let handler = handler { writer in
            try await writer.write(Array("one".utf8))
            await gate.wait()
            try await writer.write(Array("two".utf8))
            ends.note("whole")
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/stream"))
            _ = try await onThread { (client.readResponse(), client.readChunk()) }
            await server.tick(10_000)
            gate.open()
            #expect(try await onThread { client.readChunk() } == Array("two".utf8))
            #expect(try await onThread { client.readChunk() } == [])
            #expect(ends.seen == ["whole"])
        }
    }

    @Test("over TLS a stream arrives completely, and is canceled when its client disconnects")
    func encrypted() async throws {
        let ends = Ends()
        let waiting = waiting(ends)
        let handler: Router.Handler = { request in
            ServerResponse(status: .ok) { writer in
                if request.path == "/wait" { return try await waiting(writer) }
                for start in stride(from: 0, to: largeBody.count, by: 100_000) {
                    try await writer.write(Array(largeBody[start...].prefix(100_000)))
                }
            }
        }
        let script = """
            import http.client, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            client = http.client.HTTPSConnection("localhost", int(sys.argv[1]), timeout=30, context=context)
            client.request("GET", "/whole")
            assert client.getresponse().read() == bytes((i * 31 + (i >> 8)) & 255 for i in range(1048576))
            client.request("GET", "/wait")
            assert client.getresponse().read1() == b"first"
            client.close()
            print("ok")
            """
        try await withServer(tls: TestCertificates.shared.context, handler: handler) { server in
            let directory = try TemporaryFolder()
            let authority = try directory.write(TestCertificates.shared.authorityPEM, as: "authority.pem")
            #expect(try await Program.python(script, ["\(server.port)", authority]) == "ok\n")
            try await server.wait { $0.connections.isEmpty }
            #expect(ends.seen == ["canceled"])
        }
    }

    // MARK: Slow and disconnected clients

    @Test("a slow client receives everything, and at most one chunk is buffered for it")
    func slowReader() async throws {
        let count = 20
        let handler = handler { writer in
            for _ in 0..<count { try await writer.write(largeBody) }
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            client.send(get("/stream"))
            _ = try await onThread { client.readResponse() }
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            var largest = (queued: 0, pending: 0)
            for _ in 0..<count {
                let unsent = await server.unsent()
                largest = (max(largest.queued, unsent.queued), max(largest.pending, unsent.pending))
                #expect(try await onThread { client.readChunk() } == largeBody)
            }
            #expect(try await onThread { client.readChunk() } == [])
            #expect(largest.queued <= largeBody.count + 16)
            #expect((1...OutputQueue.chunkLength).contains(largest.pending))
        }
    }

    @Test(
        "a client that reads nothing is disconnected after the response timeout, counted from the first pending byte"
    )
    func stuckReader() async throws {
        let (gate, ends) = (Gate(), Ends())
        let endless = endless(ends, chunk: largeBody)
        let handler = handler { writer in
            try await writer.write(Array("one".utf8))
            await gate.wait()
            try await endless(writer)
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            client.send(get("/stream"))
            _ = try await onThread { (client.readResponse(), client.readChunk()) }
            await server.tick(1000)
            gate.open()
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            // The system may still accept a few more bytes.
            try await eventually("a client that takes nothing") {
                let before = await server.unsent()
                try await Task.sleep(for: .milliseconds(20))
                return await server.unsent() == before
            }
            await server.tick(20)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            try await server.wait { $0.connections.isEmpty }
            #expect(ends.seen == ["canceled"])
            var events = server.events.makeAsyncIterator()
            guard case .timedOut(.response, _) = await events.next() else {
                Issue.record("the time-out was not reported")
                return
            }
        }
    }

    @Test("a stream's writer is canceled when its client disconnects", arguments: [true, false])
    func clientLeaves(resets: Bool) async throws {
        let ends = Ends()
        try await withServer(handler: handler(waiting(ends))) { server in
            let client = try ClientSocket(port: server.port)
            client.send(get("/stream"))
            _ = try await onThread { (client.readResponse(), client.readChunk()) }
            client.close(resets: resets)
            try await server.wait { $0.connections.isEmpty }
            #expect(ends.seen == ["canceled"])
        }
    }

    @Test("a write that waits for a client is canceled when the client disconnects")
    func clientLeavesWhileItIsSlow() async throws {
        let ends = Ends()
        try await withServer(handler: handler(endless(ends, chunk: largeBody))) { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            client.send(get("/stream"))
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            client.close(resets: true)
            try await server.wait { $0.connections.isEmpty }
            #expect(ends.seen == ["canceled"])
        }
    }

    @Test("a writer that outlives its stream cannot write into the next response")
    func writerOutlivesStream() async throws {
        let kept = Locked<ResponseWriter?>(nil)
        let handler = handler { writer in
            let first = kept.withLock { kept -> ResponseWriter? in
                defer { kept = kept ?? writer }
                return kept
            }
            if let first { await #expect(throws: CancellationError.self) { try await first.write([1]) } }
            try await writer.write([2])
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            for _ in 0..<2 {
                client.send(get("/stream"))
                let (_, chunk, end) = try await onThread {
                    (client.readResponse(), client.readChunk(), client.readChunk())
                }
                #expect(chunk == [2])
                #expect(end == [])
            }
        }
    }

    // MARK: Aborted streams

    @Test("a stream that fails is cut off, so that its client knows", arguments: ["1.1", "1.0"])
    func failure(version: String) async throws {
        struct ProducerError: Error {}
        let gate = Gate()
        let handler = handler { writer in
            try await writer.write(Array("one".utf8))
            await gate.wait()
            throw ProducerError()
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send("GET /stream HTTP/\(version)\r\nHost: a\r\n\r\n")
            _ = try await onThread { (client.readResponse(), client.read(version == "1.1" ? 8 : 3)) }
            gate.open()
            #expect(try await onThread { client.readEnd() } == .reset)
        }
    }

    @Test("draining ends streams immediately")
    func drain() async throws {
        let ends = Ends()
        try await withServer(handler: handler(waiting(ends))) { server in
            let clients = try (0..<3).map { _ in try ClientSocket(port: server.port) }
            defer { for client in clients { client.close() } }
            for client in clients {
                client.send(get("/stream"))
                _ = try await onThread { (client.readResponse(), client.readChunk()) }
            }
            async let forced = server.server.drain(within: .seconds(20))
            for client in clients {
                #expect(try await onThread { client.readChunk() } == [])
                #expect(try await onThread { client.readEnd() } == .closed)
                client.finishSending()
            }
            #expect(await forced == 0)
            #expect(ends.seen == ["canceled", "canceled", "canceled"])
        }
    }

    @Test("a stream that begins during draining is canceled from its start")
    func beginsWhileDraining() async throws {
        let (reached, gate, ends) = (Gate(), Gate(), Ends())
        let waiting = waiting(ends)
        let handler: Router.Handler = { _ in
            reached.open()
            await gate.wait()
            return ServerResponse(status: .ok) { writer in
                do { try await waiting(writer) } catch { ends.note("\(type(of: error))") }
            }
        }
        try await withServer(handler: handler) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(get("/"))
            await reached.wait()
            async let forced = server.server.drain(within: .seconds(20))
            try await server.wait { $0.isDraining }
            gate.open()
            let head = try await onThread { client.readResponse() }
            #expect(head?.fields["connection"] == "close")
            #expect(try await onThread { client.readChunk() } == [])
            #expect(try await onThread { client.readEnd() } == .closed)
            client.finishSending()
            #expect(await forced == 0)
            #expect(ends.seen == ["CancellationError"])
        }
    }

    @Test("a stream that throws during draining is aborted, even if its client reads nothing")
    func drainStuck() async throws {
        let ends = Ends()
        try await withServer(handler: handler(endless(ends, chunk: largeBody))) { server in
            let client = try ClientSocket(port: server.port, receiveBuffer: 4096)
            defer { client.close() }
            client.send(get("/stream"))
            try await server.wait { $0.connections.all.contains { $0.unsentBytes.pending > 0 } }
            #expect(await server.server.drain(within: .seconds(20)) == 0)
            #expect(ends.seen == ["canceled"])
        }
    }
}
