import Glibc
import Testing

/// A blocking client socket; the system's own API, so that a test does not trust the code it tests. Every call that
/// waits gives up after half a minute, so that a failure is not a hang.
struct Client: Sendable {
    let descriptor: CInt

    /// Connects.
    ///
    /// - Parameters:
    ///   - receiveBuffer: how much the system may take ahead of this client, or nil for its default.
    ///   - sendPatience: after how many microseconds sending gives up, or nil for half a minute.
    init(port: UInt16, receiveBuffer: CInt? = nil, sendPatience: Int? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
        }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if let sendPatience { patience = timeval(tv_sec: 0, tv_usec: sendPatience) }
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 {
            Glibc.close(descriptor)
            throw ConnectError()
        }
    }

    struct ConnectError: Error {}

    /// Sends everything; returns whether that was possible.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Reads exactly so many bytes, or fewer if the connection ends.
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < count {
            let got = recv(descriptor, &chunk, min(chunk.count, count - bytes.count), 0)
            if got <= 0 { break }
            bytes += chunk[..<got]
        }
        return bytes
    }

    /// Reads one answer.
    ///
    /// - Parameter hasBody: false for the answer to a HEAD request.
    func readAnswer(hasBody: Bool = true) -> Answer? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let byte = read(1)
            if byte.isEmpty { return nil }
            head += byte
        }
        var answer = Answer(head: String(decoding: head, as: UTF8.self))
        if hasBody, let length = answer.fields["content-length"].flatMap({ Int($0) }) { answer.body = read(length) }
        return answer
    }

    /// How the connection ended.
    enum End: Equatable {
        case closed
        case reset
        case neither
    }

    /// Waits for the connection's end, which must be all that is left to come.
    func readEnd() -> End {
        var byte: UInt8 = 0
        switch recv(descriptor, &byte, 1, 0) {
        case 0: return .closed
        case -1 where errno == ECONNRESET: return .reset
        default: return .neither
        }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection; with a reset if asked to.
    func close(resets: Bool = false) {
        if resets {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
    }
}

/// An answer as a client sees it.
struct Answer: Sendable {
    let status: Int
    /// By name in lower case.
    let fields: [String: String]
    var body: [UInt8] = []

    init(head: String) {
        let lines = head.split(separator: "\r\n")
        status = lines.first.flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) } ?? 0
        fields = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: ":").map { (line[..<$0].lowercased(), String(line[$0...].dropFirst(2))) }
            }, uniquingKeysWith: { "\($0), \($1)" })
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}
