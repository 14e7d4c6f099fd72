import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// An HTTP request as bytes on the wire.
struct Request: Sendable {
    var bytes: [UInt8]

    /// A well-formed request with `Connection: close`.
    init(_ method: String, _ target: String, _ fields: [String: String] = [:], body: [UInt8]? = nil) {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        bytes = Array("\(head)\r\n".utf8) + (body ?? [])
    }

    static func get(_ target: String) -> Request { Request("GET", target) }

    /// A request as SNS sends it.
    static func sns(_ body: [UInt8], _ fields: [String: String] = [:]) -> Request {
        let type = ["Content-Type": "text/plain; charset=UTF-8"]
        return Request("POST", "/sns", fields.merging(type) { first, _ in first }, body: body)
    }
}

extension ClientResponse {
    var json: JSON { get throws { try JSON(parsing: body) } }
}

/// A TCP connection to the bridge.
struct Client: Sendable {
    private let socket: ClientSocket

    struct ExchangeError: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter address: `127.0.0.1:port`.
    init(_ address: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw ExchangeError(description: "no address: \(address)")
        }
        socket = try ClientSocket(port: port)
    }

    func close() { socket.close() }

    /// Sends as much as the peer accepts.
    func send(_ bytes: [UInt8]) { socket.send(bytes) }

    /// Reads a response up to the end of the connection. Its body must be as long as `Content-Length` says.
    func readResponse(isHead: Bool = false) throws -> ClientResponse {
        let bytes = socket.read(.max)
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw ExchangeError(description: "no response but \(bytes.count) bytes")
        }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        var answer = ClientResponse(head: head)
        answer.body = Array(bytes[end.upperBound...])
        guard answer.status != 0,
            isHead ? answer.body.isEmpty : answer.fields["content-length"] == String(answer.body.count)
        else { throw ExchangeError(description: "malformed response: \(head), \(answer.body.count) bytes") }
        return answer
    }

    /// Sends bytes on a new connection and returns all bytes that it receives until the connection ends.
    static func exchangeAll(_ request: Request, with address: String) async throws -> String {
        try await onThread {
            let client = try Client(address)
            defer { client.close() }
            client.send(request.bytes)
            return String(decoding: client.socket.read(.max), as: UTF8.self)
        }
    }

    /// Sends a request on a new connection.
    static func exchange(_ request: Request, with address: String) async throws -> ClientResponse {
        try await onThread {
            let client = try Client(address)
            defer { client.close() }
            client.send(request.bytes)
            return try client.readResponse(isHead: request.bytes.starts(with: "HEAD ".utf8))
        }
    }

    /// Whether connections are accepted.
    static func canConnect(to address: String) async throws -> Bool {
        try await onThread {
            guard let client = try? Client(address) else { return false }
            client.close()
            return true
        }
    }

    private static let lastPort = Mutex(UInt16.random(in: 20_000..<32_000))

    /// An address of this machine that no process listens on. Its port is outside the ephemeral range, so that it stays
    /// free until a process binds it.
    static func freeAddress() throws -> String {
        for _ in 0..<1000 {
            let port = lastPort.withLock { port in
                port = port >= 31_999 ? 20_000 : port + 1
                return port
            }
            if isFree(port) { return "127.0.0.1:\(port)" }
        }
        throw ExchangeError(description: "no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { _ = Foundation.close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

extension ClientResponse {
    /// Checks that a response is 503 `store_unavailable` with `Retry-After`.
    static func expectUnavailable(_ answer: ClientResponse) throws {
        #expect(answer.status == 503, "\(answer.text)")
        #expect(answer.fields["retry-after"] != nil)
        #expect(try answer.json["error"]?.string == "store_unavailable", "\(answer.text)")
    }
}
