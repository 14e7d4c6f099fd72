import EventLoop

/// The header that a load balancer puts before the first byte of a connection: version 2 of the PROXY protocol
/// (haproxy.org, proxy-protocol.txt, section 2.2), for TCP.
enum ProxyHeader {
    /// What the bytes hold.
    enum Outcome: Equatable {
        case incomplete
        /// A whole header of so many bytes. The source is nil when the balancer speaks for itself, as in its health checks.
        case header(length: Int, source: SocketAddress?)
    }

    /// Why a header is refused, in words.
    struct Failure: Error, Equatable {
        let reason: String
    }

    /// The longest header taken: addresses and some hundred bytes that balancers add.
    static let maximumLength = 2048

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Reads the header from a connection's first bytes.
    static func read(_ bytes: [UInt8]) throws(Failure) -> Outcome {
        guard bytes.starts(with: signature.prefix(bytes.count)) else {
            throw Failure(reason: "the connection does not start with a PROXY header of version 2")
        }
        guard bytes.count >= 16 else { return .incomplete }
        let length = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        guard length <= maximumLength else { throw Failure(reason: "the PROXY header is too long") }
        guard bytes.count >= length else { return .incomplete }
        switch bytes[12] {
        case 0x20: return .header(length: length, source: nil)
        case 0x21:
            return .header(length: length, source: try source(family: bytes[13], bytes[16..<length]))
        default: throw Failure(reason: "the PROXY header has an unknown version or command")
        }
    }

    private static func source(family: UInt8, _ bytes: ArraySlice<UInt8>) throws(Failure) -> SocketAddress? {
        let addressLength: Int
        switch family {
        case 0x00: return nil
        case 0x11: addressLength = 4
        case 0x21: addressLength = 16
        default: throw Failure(reason: "the PROXY header is not about a TCP connection")
        }
        // Source, destination, and the port of each; then what nobody here reads.
        guard bytes.count >= 2 * addressLength + 4 else { throw Failure(reason: "the PROXY header is cut short") }
        let port = bytes.dropFirst(2 * addressLength).prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
        guard let address = IPAddress(bytes.prefix(addressLength)) else { return nil }
        return SocketAddress(host: address.description, port: port)
    }
}
