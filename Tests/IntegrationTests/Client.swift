import Foundation
import JSON
import Synchronization

/// A request as it goes over the wire.
struct Request: Sendable {
    var bytes: [UInt8]

    /// A well-formed request, after which the connection ends.
    init(_ method: String, _ target: String, _ fields: [String: String] = [:], body: [UInt8]? = nil) {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: bridge.example.com\r\nConnection: close\r\n"
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        bytes = Array("\(head)\r\n".utf8) + (body ?? [])
    }

    static func get(_ target: String) -> Request { Request("GET", target) }

    /// What SNS sends.
    static func sns(_ body: [UInt8], _ fields: [String: String] = [:]) -> Request {
        let type = ["Content-Type": "text/plain; charset=UTF-8"]
        return Request("POST", "/sns", fields.merging(type) { first, _ in first }, body: body)
    }
}

/// An answer as a client sees it.
struct Answer: Sendable {
    let status: Int
    /// By name in lower case.
    let fields: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSON { get throws { try JSON(parsing: body) } }
}

/// A blocking client socket: the system's own API, so that a test does not trust the code that it tests. Each call that
/// waits gives up after half a minute.
struct Client: Sendable {
    private let descriptor: Int32

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter address: `127.0.0.1:port`.
    init(_ address: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Failure(description: "no address: \(address)")
        }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard Self.call(descriptor, port, connect) == 0 else {
            let reason = String(cString: strerror(errno))
            close()
            throw Failure(description: "no connection to \(address): \(reason)")
        }
    }

    /// Calls `connect` or `bind` with a port of this machine.
    private static func call(
        _ descriptor: Int32, _ port: UInt16, _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    func close() { _ = Foundation.close(descriptor) }

    /// Sends as much as the peer takes.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Reads up to the connection's end.
    private func readToEnd() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    /// Reads an answer with all that follows up to the connection's end; that is its body, and must be as long as it says.
    func readAnswer(isHead: Bool = false) throws -> Answer {
        let bytes = readToEnd()
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(description: "no answer but \(bytes.count) bytes")
        }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let fields = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: ":").map { (line[..<$0].lowercased(), String(line[$0...].dropFirst(2))) }
            }, uniquingKeysWith: { "\($0), \($1)" })
        let body = Array(bytes[end.upperBound...])
        guard let status = Int(lines[0].dropFirst("HTTP/1.1 ".count).prefix(3)),
            isHead ? body.isEmpty : fields["content-length"] == String(body.count)
        else { throw Failure(description: "a malformed answer: \(lines), \(body.count) bytes") }
        return Answer(status: status, fields: fields, body: body)
    }

    /// Sends a request on a connection of its own.
    static func exchange(_ request: Request, with address: String) async throws -> Answer {
        try await onThread {
            let client = try Client(address)
            defer { client.close() }
            client.send(request.bytes)
            return try client.readAnswer(isHead: request.bytes.starts(with: "HEAD ".utf8))
        }
    }

    /// Whether a connection is taken.
    static func canConnect(to address: String) async throws -> Bool {
        try await onThread {
            guard let client = try? Client(address) else { return false }
            client.close()
            return true
        }
    }

    private static let lastPort = Mutex(UInt16.random(in: 20_000..<32_000))

    /// An address of this machine that nobody listens on. It is none of those that the system gives out, so that it stays
    /// free until a process takes it.
    static func freeAddress() throws -> String {
        for _ in 0..<1000 {
            let port = lastPort.withLock { port in
                port = port >= 31_999 ? 20_000 : port + 1
                return port
            }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { _ = Foundation.close(descriptor) }
            if call(descriptor, port, bind) == 0 { return "127.0.0.1:\(port)" }
        }
        throw Failure(description: "there is no free port")
    }
}
