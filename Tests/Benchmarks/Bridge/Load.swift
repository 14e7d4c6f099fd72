import Foundation
import TestSupport

/// Sends prepared requests, each once, over persistent connections: the next one after the response to the previous one.
///
/// It shares the CPU with the measured program, so it does as little as possible: one thread, and requests sent as prepared.
struct Load: Sendable {
    /// The result of a load.
    struct Result: Sendable {
        /// Requests per second.
        let rate: Double
        /// Median response time.
        let median: Duration
        /// 99th percentile of the response time.
        let slow: Duration
        /// CPU time of the load itself for each request, in microseconds.
        let processorMicroseconds: Double
    }

    /// Complete requests.
    let requests: [[UInt8]]
    let connections: Int

    /// Sends the requests to local ports, evenly distributed.
    ///
    /// - Throws: ``BenchmarkError`` if a response is not 200.
    func run(on ports: [UInt16]) async throws -> Result {
        try await onThread {
            let run = try LoadRun(requests: requests, ports: ports, connections: connections)
            return try run.run()
        }
    }
}

/// The connections with their progress.
private final class LoadRun {
    private struct Connection {
        let socket: ClientSocket
        var sentAt: UInt64 = 0
        /// The received part of an incomplete response.
        var answer: [UInt8] = []
    }

    private let requests: [[UInt8]]
    private var connections: [Connection]
    private var polled: [pollfd]
    private var buffer = [UInt8](repeating: 0, count: 16_384)
    private var next = 0
    /// Response times in nanoseconds.
    private var times: [UInt64] = []

    init(requests: [[UInt8]], ports: [UInt16], connections: Int) throws {
        self.requests = requests
        self.connections = try (0..<connections).map {
            Connection(socket: try ClientSocket(port: ports[$0 % ports.count]))
        }
        polled = self.connections.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
        times.reserveCapacity(requests.count)
    }

    deinit { for connection in connections { connection.socket.close() } }

    func run() throws -> Load.Result {
        let (start, used) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_THREAD_CPUTIME_ID))
        for index in connections.indices { try sendNext(on: index) }
        while times.count < requests.count {
            guard poll(&polled, nfds_t(polled.count), 30_000) > 0 else {
                throw BenchmarkError(description: "no response for 30 seconds")
            }
            for index in polled.indices where polled[index].revents != 0 { try readResponse(on: index) }
        }
        let (end, usedAtEnd) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_THREAD_CPUTIME_ID))
        times.sort()
        let count = Double(times.count)
        return Load.Result(
            rate: count / (Double(end - start) / 1e9), median: .nanoseconds(times[times.count / 2]),
            slow: .nanoseconds(times[times.count * 99 / 100]),
            processorMicroseconds: Double(usedAtEnd - used) / 1000 / count)
    }

    private func sendNext(on index: Int) throws {
        guard next < requests.count else { return }
        connections[index].sentAt = Self.now(CLOCK_MONOTONIC)
        guard connections[index].socket.send(requests[next]) else {
            throw BenchmarkError(description: "a connection was closed")
        }
        next += 1
    }

    private func readResponse(on index: Int) throws {
        let count = recv(connections[index].socket.descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw BenchmarkError(description: "a connection was closed") }
        var answer = connections[index].answer
        // Nearly every response arrives in one part.
        if answer.isEmpty, Self.isWhole(buffer.span.extracting(first: count)) {
            try check(buffer[..<count])
        } else {
            answer += buffer[..<count]
            connections[index].answer = answer
            guard Self.isWhole(answer.span) else { return }
            connections[index].answer = []
            try check(answer[...])
        }
        times.append(Self.now(CLOCK_MONOTONIC) - connections[index].sentAt)
        try sendNext(on: index)
    }

    private func check(_ answer: ArraySlice<UInt8>) throws {
        guard answer.starts(with: "HTTP/1.1 200 ".utf8) else {
            throw BenchmarkError(
                description: "a request was rejected: \(String(decoding: answer.prefix(2000), as: UTF8.self))")
        }
    }

    private static let lengthField = Array("\r\ncontent-length: ".utf8)

    /// Whether a response is complete, by its Content-Length.
    private static func isWhole(_ bytes: Span<UInt8>) -> Bool {
        let name = lengthField
        var (matched, length, isLength, newlines) = (0, 0, false, 0)
        for index in bytes.indices {
            let byte = bytes[index]
            if isLength, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                length = length * 10 + Int(byte - UInt8(ascii: "0"))
            } else {
                isLength = false
            }
            let lower = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
            matched = lower == name[matched] ? matched + 1 : byte == UInt8(ascii: "\r") ? 1 : 0
            if matched == name.count { (isLength, matched) = (true, 0) }
            // CR LF CR LF ends the head.
            newlines = byte == (newlines.isMultiple(of: 2) ? 0x0D : 0x0A) ? newlines + 1 : byte == 0x0D ? 1 : 0
            if newlines == 4 { return bytes.count == index + 1 + length }
        }
        return false
    }

    /// A clock's time in nanoseconds.
    private static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
