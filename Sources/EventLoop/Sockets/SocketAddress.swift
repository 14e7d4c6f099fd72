import CLibuv
import Glibc

/// An IP address with a port, or the path of a local socket (AF_UNIX).
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The numeric address: `127.0.0.1` or `::1`. For a local socket the path, empty for its peer.
    public let host: String
    /// The port; 0 lets the system choose a free one; also 0 for a local socket.
    public let port: UInt16
    /// Whether this is a local socket, reachable only from this machine.
    public let isLocal: Bool

    /// Parses `127.0.0.1:8080` or `[::1]:8080`; nil for anything else, including host names.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Self.port(text[text.index(after: colon)...])
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            self.init(host: String(host.dropFirst().dropLast()), port: port)
            guard self.host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        } else {
            self.init(host: String(host), port: port)
            guard !self.host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        }
    }

    /// Makes an address; nil unless the host is a numeric IPv4 or IPv6 address.
    public init?(host: String, port: UInt16) {
        self.host = host
        self.port = port
        isLocal = false
        guard withSockaddr({ _ in }) != nil else { return nil }
    }

    init?(_ storage: sockaddr_storage) {
        var storage = storage
        if Int32(storage.ss_family) == AF_UNIX {
            (host, port, isLocal) = (Self.path(&storage), 0, true)
            return
        }
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let (code, port) = withUnsafeMutablePointer(to: &storage) { storage in
            let address = UnsafeMutableRawPointer(storage)
            switch Int32(storage.pointee.ss_family) {
            case AF_INET:
                let inet = address.assumingMemoryBound(to: sockaddr_in.self)
                return (uv_ip4_name(inet, &name, name.count), inet.pointee.sin_port)
            case AF_INET6:
                let inet = address.assumingMemoryBound(to: sockaddr_in6.self)
                return (uv_ip6_name(inet, &name, name.count), inet.pointee.sin6_port)
            default:
                return (-1, 0)
            }
        }
        guard code == 0 else { return nil }
        self.host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.port = UInt16(bigEndian: port)
        isLocal = false
    }

    /// The path of a local socket; an at sign replaces the leading zero byte of an abstract name.
    private static func path(_ storage: inout sockaddr_storage) -> String {
        withUnsafeBytes(of: &storage) { bytes in
            let path = bytes.dropFirst(MemoryLayout<sa_family_t>.size)
                .prefix(MemoryLayout.size(ofValue: sockaddr_un().sun_path))
            let abstract = path.dropFirst().prefix { $0 != 0 }
            if path.first == 0, !abstract.isEmpty { return "@" + String(decoding: abstract, as: UTF8.self) }
            return String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The address in the form of ``init(_:)``; `unix:` and the path for a local socket.
    public var description: String {
        isLocal
            ? "unix:" + host : host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : host + ":" + String(port)
    }

    /// Parses decimal digits without a sign or leading zeros.
    private static func port(_ text: Substring) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || text.utf8.first != 0x30
        else { return nil }
        return UInt16(text)
    }

    /// Calls a closure with the address as a `sockaddr`; nil if the host is not numeric.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result? {
        var storage = sockaddr_storage()
        return withUnsafeMutablePointer(to: &storage) { storage in
            let address = UnsafeMutableRawPointer(storage)
            let isValid =
                uv_ip4_addr(host, CInt(port), address.assumingMemoryBound(to: sockaddr_in.self)) == 0
                || uv_ip6_addr(host, CInt(port), address.assumingMemoryBound(to: sockaddr_in6.self)) == 0
            return isValid ? body(UnsafePointer(address.assumingMemoryBound(to: sockaddr.self))) : nil
        }
    }
}
