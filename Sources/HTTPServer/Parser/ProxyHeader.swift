import EventLoop

/// Why a PROXY header was rejected.
struct ProxyHeaderError: Error, Equatable {
    let reason: String
}

/// A parser for the header that a load balancer prepends to a connection: PROXY protocol version 2 over TCP (haproxy.org,
/// proxy-protocol.txt, section 2.2).
enum ProxyHeader {
    /// The result of parsing.
    enum Outcome: Equatable {
        case incomplete
        /// A complete header and its length in bytes. The source is nil for the load balancer's own connections (`LOCAL`), such
        /// as health checks.
        case header(length: Int, source: SocketAddress?)
    }

    /// The longest header that is accepted, in bytes: the addresses and the extensions (TLVs) of load balancers.
    static let maximumLength = 2048

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Parses the header at the start of a connection.
    static func read(_ bytes: [UInt8]) throws(ProxyHeaderError) -> Outcome {
        guard bytes.starts(with: signature.prefix(bytes.count)) else {
            throw ProxyHeaderError(reason: "the connection does not start with a PROXY header of version 2")
        }
        guard bytes.count >= 16 else { return .incomplete }
        let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard length <= maximumLength else { throw ProxyHeaderError(reason: "the PROXY header is too long") }
        guard bytes.count >= length else { return .incomplete }
        switch bytes[12] {
        case 0x20: return .header(length: length, source: nil)
        case 0x21:
            return .header(length: length, source: try source(family: bytes[13], bytes[16..<length]))
        default: throw ProxyHeaderError(reason: "the PROXY header has an unknown version or command")
        }
    }

    private static func source(family: UInt8, _ bytes: ArraySlice<UInt8>) throws(ProxyHeaderError) -> SocketAddress? {
        let addressLength: Int
        switch family {
        case 0x00: return nil
        case 0x11: addressLength = 4
        case 0x21: addressLength = 16
        default: throw ProxyHeaderError(reason: "the PROXY header is not for TCP")
        }
        // Source and destination addresses, both ports; then extensions, which are ignored.
        guard bytes.count >= 2 * addressLength + 4 else {
            throw ProxyHeaderError(reason: "the PROXY header is truncated")
        }
        let port = bytes.dropFirst(2 * addressLength).prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
        guard let address = IPAddress(bytes.prefix(addressLength)) else { return nil }
        return SocketAddress(host: address.description, port: port)
    }
}
