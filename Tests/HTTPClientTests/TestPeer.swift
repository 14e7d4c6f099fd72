import EventLoop
import Synchronization
import Testing

/// An HTTP server of raw bytes on its own loop, independent of the client's code.
final class TestPeer: Sendable {
    /// A received request.
    struct Request: Sendable {
        /// The bytes up to the empty line.
        let head: String
        let body: [UInt8]
        /// The number of its connection, from 1.
        let connection: Int

        var path: String { String(head.split(separator: " ").dropFirst().first ?? "") }
        var method: String { String(head.split(separator: " ").first ?? "") }

        /// The values of a field.
        func field(_ name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return parts.count == 2 && parts[0].lowercased() == name.lowercased()
                    ? parts[1].drop { $0 == " " }.description : nil
            }
        }
    }

    /// The peer's action for a request.
    enum Reply: Sendable {
        case send(String)
        case sendAndClose(String)
        case stayMute
    }

    /// The events of the peer's connections.
    enum Event: Sendable {
        case accepted
        case received(Request)
        case closed
    }

    let port: UInt16
    let events: AsyncStream<Event>
    private let loop: EventLoop
    private let listener: LoopBound<TCPListener>
    private let log: Log

    /// The recorded events.
    final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let accepted = Atomic(0)
    }

    var requests: [Request] { log.requests.withLock { $0 } }
    var acceptedConnections: Int { log.accepted.load(ordering: .acquiring) }

    /// - Parameter greeting: whether connections are served; otherwise each is closed immediately.
    init(accepts: Bool = true, reply: @escaping @Sendable (Request) -> Reply) async throws {
        let loop = try EventLoop(name: "peer")
        let log = Log()
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let (listener, port) = try await loop.run { () throws in
            let address = try #require(SocketAddress("127.0.0.1:0"))
            let listener = try TCPListener(address, on: loop) { stream in
                let number = log.accepted.add(1, ordering: .acquiringAndReleasing).newValue
                continuation.yield(.accepted)
                guard accepts else { return stream.close() }
                stream.handler = Connection(stream, number: number, log: log, events: continuation, reply: reply)
                stream.startReading()
            }
            return (LoopBound(listener, loop: loop), listener.address.port)
        }
        self.loop = loop
        self.log = log
        self.events = events
        self.listener = listener
        self.port = port
    }

    /// Stops the peer; its loop closes the remaining connections.
    func stop() async {
        let listener = listener
        await loop.run { listener.value.close() }
        await loop.shutdown()
    }

    /// Waits for an event.
    func wait(for matches: (Event) -> Bool) async {
        for await event in events where matches(event) { return }
    }

    private final class Connection: TCPStreamHandler {
        private let stream: TCPStream
        private let number: Int
        private let log: Log
        private let events: AsyncStream<Event>.Continuation
        private let reply: (Request) -> Reply
        private var input: [UInt8] = []

        init(
            _ stream: TCPStream, number: Int, log: Log, events: AsyncStream<Event>.Continuation,
            reply: @escaping (Request) -> Reply
        ) {
            self.stream = stream
            self.number = number
            self.log = log
            self.events = events
            self.reply = reply
        }

        func streamDidRead(_ bytes: Span<UInt8>) {
            for index in bytes.indices { input.append(bytes[index]) }
            while let request = takeRequest() {
                log.requests.withLock { $0.append(request) }
                events.yield(.received(request))
                switch reply(request) {
                case .send(let text): stream.write(Array(text.utf8))
                case .sendAndClose(let text):
                    stream.write(Array(text.utf8))
                    return stream.close()
                case .stayMute: break
                }
            }
        }

        private func takeRequest() -> Request? {
            guard let end = input.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = String(decoding: input[..<end.lowerBound], as: UTF8.self)
            let empty = Request(head: head, body: [], connection: number)
            let length = empty.field("content-length").first.flatMap { Int($0) } ?? 0
            if empty.field("expect") == ["100-continue"], input.count == end.upperBound {
                stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            }
            guard input.count - end.upperBound >= length else { return nil }
            let body = Array(input[end.upperBound..<end.upperBound + length])
            input.removeFirst(end.upperBound + length)
            return Request(head: head, body: body, connection: number)
        }

        func streamDidEnd() { stream.close() }
        func streamDidDrain() {}
        func streamDidClose(_ error: EventLoopError?) { events.yield(.closed) }
    }
}
