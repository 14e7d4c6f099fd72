import Glibc

/// A blocking client socket, implemented with system calls only, so that a test does not depend on the code under test.
/// Every call times out after 30 seconds, so that a failure does not hang.
public struct ClientSocket: Sendable {
    /// The file descriptor.
    public let descriptor: CInt

    /// Connects to a port on 127.0.0.1.
    ///
    /// - Parameters:
    ///   - receiveBuffer: the size of the receive buffer; nil for the system's default.
    ///   - sendTimeout: the send timeout in microseconds; nil for 30 seconds.
    /// - Throws: ``ConnectionError``.
    public init(port: UInt16, receiveBuffer: CInt? = nil, sendTimeout: Int? = nil) throws(ConnectionError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if let receiveBuffer { Self.set(SO_RCVBUF, of: descriptor, to: receiveBuffer) }
        Self.set(SO_RCVTIMEO, of: descriptor, to: timeval(tv_sec: 30, tv_usec: 0))
        let timeout = sendTimeout.map { timeval(tv_sec: 0, tv_usec: $0) } ?? timeval(tv_sec: 30, tv_usec: 0)
        Self.set(SO_SNDTIMEO, of: descriptor, to: timeout)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 {
            let error = ConnectionError(port: port, reason: String(cString: strerror(errno)))
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func set<Value: BitwiseCopyable>(_ option: CInt, of descriptor: CInt, to value: Value) {
        var value = value
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    /// Sends all bytes; returns whether that succeeded.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool {
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

    /// Sends a text; returns whether that succeeded.
    @discardableResult
    public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Reads exactly `count` bytes, or fewer if the connection ends.
    public func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < count {
            let got = recv(descriptor, &chunk, min(chunk.count, count - bytes.count), 0)
            if got <= 0 { break }
            bytes += chunk[..<got]
        }
        return bytes
    }

    /// How a connection ended.
    public enum End: Equatable, Sendable {
        case closed
        case reset
        case neither
    }

    /// Waits for the end of the connection; no more bytes may arrive before.
    public func readEnd() -> End {
        var byte: UInt8 = 0
        switch recv(descriptor, &byte, 1, 0) {
        case 0: return .closed
        case -1 where errno == ECONNRESET: return .reset
        default: return .neither
        }
    }

    /// Shuts down the sending side.
    public func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes the connection, optionally with a reset.
    public func close(resets: Bool = false) {
        if resets { Self.set(SO_LINGER, of: descriptor, to: linger(l_onoff: 1, l_linger: 0)) }
        Glibc.close(descriptor)
    }
}

/// A connection to a local port failed.
public struct ConnectionError: Error, CustomStringConvertible {
    let port: UInt16
    let reason: String

    /// The port and the reason.
    public var description: String { "no connection to port \(port): \(reason)" }
}
