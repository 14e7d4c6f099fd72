import Encoding
import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

/// An echo handler with backpressure: it stops reading while the peer does not read.
private final class Echo: TCPStreamHandler {
    let stream: TCPStream
    let events: AsyncStream<Event>.Continuation
    var largestPending = 0
    private var hasEnded = false

    enum Event: Equatable, Sendable {
        case paused
        case ended
        case closed(largestPending: Int)
    }

    init(_ stream: TCPStream, events: AsyncStream<Event>.Continuation) {
        self.stream = stream
        self.events = events
    }

    func streamDidRead(_ bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        stream.write(copy)
        largestPending = max(largestPending, stream.pendingBytes)
        if stream.pendingBytes > 0 {
            stream.stopReading()
            events.yield(.paused)
        }
    }
    func streamDidDrain() { if hasEnded { stream.close() } else { stream.startReading() } }
    func streamDidEnd() {
        events.yield(.ended)
        hasEnded = true
        if stream.pendingBytes == 0 { stream.close() }
    }
    func streamDidClose(_ error: EventLoopError?) { events.yield(.closed(largestPending: largestPending)) }
}

@Suite("TCP")
struct TCPTests {
    /// Starts an echo server; returns its port and the events of its connections.
    private func withEcho(_ body: (UInt16, AsyncStream<Echo.Event>) async throws -> Void) async throws {
        try await withEventLoop { loop in
            let (events, continuation) = AsyncStream.makeStream(of: Echo.Event.self)
            let (listener, port) = try await loop.run { () throws in
                let address = try #require(SocketAddress("127.0.0.1:0"))
                let listener = try TCPListener(address, on: loop) { stream in
                    stream.handler = Echo(stream, events: continuation)
                    stream.startReading()
                }
                return (LoopBound(listener, loop: loop), listener.address.port)
            }
            try await withCleanup {
                try await body(port, events)
            } cleanup: {
                await loop.run { listener.value.close() }
            }
        }
    }

    @Test("data is echoed, and closing is reported")
    func echo() async throws {
        try await withEcho { port, events in
            let client = try ClientSocket(port: port)
            let message = Array("hello, bridge".utf8)
            let response = try await onThread { client.send(message) ? client.read(message.count) : [] }
            #expect(response == message)
            client.close()
            var seen: [Echo.Event] = []
            for await event in events {
                seen.append(event)
                if case .closed = event { break }
            }
            #expect(seen == [.ended, .closed(largestPending: 0)])
        }
    }

    @Test("backpressure bounds memory for a peer that does not read, without losing data")
    func slowReader() async throws {
        try await withEcho { port, events in
            let client = try ClientSocket(port: port)
            let pattern = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let isPaused = Flag()
            async let sending = onThread { Self.send(pattern, to: client, until: isPaused) }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == .paused)
            isPaused.value.store(true, ordering: .releasing)
            let sent = try await sending
            let (received, isRight) = try await onThread { Self.receive(pattern, from: client) }
            #expect(received == sent)
            #expect(isRight)
            var largest = Int.max
            while let event = await iterator.next() {
                if case .closed(let pending) = event {
                    largest = pending
                    break
                }
            }
            // Never more than the one chunk whose echo did not fit.
            #expect((1...65_536).contains(largest))
        }
    }

    private final class Flag: Sendable { let value = Atomic(false) }

    /// Sends the pattern repeatedly, without reading, until the flag is set; returns the number of bytes sent.
    private static func send(_ pattern: [UInt8], to client: ClientSocket, until flag: Flag) -> Int {
        var sent = 0
        while !flag.value.load(ordering: .acquiring) {
            var waiting = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&waiting, 1, 20) > 0 else { continue }
            let count = pattern[(sent % pattern.count)...].withUnsafeBytes {
                Glibc.send(client.descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 { sent += count }
        }
        client.finishSending()
        return sent
    }

    /// Reads to the end; returns the number of bytes, and whether they match the pattern.
    private static func receive(_ pattern: [UInt8], from client: ClientSocket) -> (Int, Bool) {
        var received = 0
        var isRight = true
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(client.descriptor, &chunk, chunk.count, 0), count > 0 {
            for index in 0..<count where chunk[index] != pattern[(received + index) % pattern.count] { isRight = false }
            received += count
        }
        client.close()
        return (received, isRight)
    }

    @Test("a connection reset is reported as an error")
    func reset() async throws {
        try await withEcho { port, events in
            let client = try ClientSocket(port: port)
            client.close(resets: true)
            #expect(await events.first { _ in true } == .closed(largestPending: 0))
        }
    }

    @Test("writing to a reset connection fails, and does not end the process")
    func writeAfterReset() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let loop = try EventLoop(name: "test")
            var descriptors: [CInt] = [0, 0]
            pipe(&descriptors)
            close(descriptors[0])
            _ = Glibc.write(descriptors[1], [0], 1)
            await loop.shutdown()
            exit(7)
        }
    }

    @Test("binding an address in use fails with an error that names it")
    func addressInUse() async throws {
        try await withEcho { port, _ in
            try await withEventLoop { loop in
                let error = await loop.run { () -> EventLoopError? in
                    guard let address = SocketAddress("127.0.0.1:\(port)") else { return nil }
                    do throws(EventLoopError) {
                        try TCPListener(address, on: loop) { _ in }.close()
                        return nil
                    } catch {
                        return error
                    }
                }
                #expect(error?.name == "EADDRINUSE")
                #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            }
        }
    }
}
