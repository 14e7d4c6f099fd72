import Foundation
import JSON
import Synchronization
import TestSupport

/// A client of the status page's server-sent events, as a browser is one.
final class EventReader: Sendable {
    struct Event: Sendable {
        let name: String
        let data: JSON
    }

    /// The response's head.
    let answer: ClientResponse
    private let socket: ClientSocket
    /// Bytes that were received and not read yet.
    private let text = Mutex("")

    /// Requests the events and waits for the response's head.
    init(_ address: String) async throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Client.ExchangeError(description: "no address: \(address)")
        }
        let socket = try ClientSocket(port: port)
        let answer = try await onThread { () -> ClientResponse? in
            socket.send("GET /status/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return socket.readResponse()
        }
        guard let answer else { throw Client.ExchangeError(description: "no response") }
        (self.socket, self.answer) = (socket, answer)
    }

    func close() { socket.close() }

    /// Waits for the next event; nil at the orderly end of the stream. Comments are skipped.
    func next() async throws -> Event? {
        try await onThread { [self] () throws -> Event? in
            while true {
                if let block = takeBlock() {
                    if let event = try Self.event(block) { return event }
                    continue
                }
                guard let chunk = socket.readChunk() else {
                    throw Client.ExchangeError(description: "the stream was cut off")
                }
                if chunk.isEmpty { return nil }
                text.withLock { $0 += String(decoding: chunk, as: UTF8.self) }
            }
        }
    }

    private func takeBlock() -> String? {
        text.withLock { text -> String? in
            guard let end = text.firstRange(of: "\n\n") else { return nil }
            defer { text.removeSubrange(..<end.upperBound) }
            return String(text[..<end.lowerBound])
        }
    }

    private static func event(_ block: String) throws -> Event? {
        let fields = block.split(separator: "\n").map { $0.split(separator: ": ", maxSplits: 1) }
        func value(_ name: String) -> String? { fields.first { $0.count == 2 && $0[0] == name }.map { String($0[1]) } }
        guard let name = value("event"), let data = value("data") else { return nil }
        return Event(name: name, data: try JSON(parsing: data))
    }
}
