import EventLoop
import HTTPTypes

/// Finds the client behind proxies by `X-Forwarded-For`, to which each proxy appends the address that it was asked from.
enum ForwardedFor {
    /// The address that a request comes from: the last one in the field that is not a trusted proxy's. What stands before
    /// that one, anybody may have written.
    ///
    /// - Parameters:
    ///   - peer: the address of the connection.
    ///   - fields: the request's header fields.
    ///   - trusted: the addresses of proxies.
    static func client(peer: SocketAddress, fields: HTTPFields, trusted: [AddressBlock]) -> SocketAddress {
        var client = peer
        guard isTrusted(peer, trusted) else { return peer }
        let entries = fields[values: name].flatMap {
            $0.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        }
        for entry in entries.reversed() {
            guard let address = address(entry) else { return client }
            client = address
            guard isTrusted(address, trusted) else { return client }
        }
        return client
    }

    /// Whether a connection comes from a proxy. One over a local socket does: the socket's permissions decide which programs
    /// of this machine may connect.
    static func isTrusted(_ address: SocketAddress, _ trusted: [AddressBlock]) -> Bool {
        if address.isLocal { return true }
        guard !trusted.isEmpty, let ip = address.ip else { return false }
        return trusted.contains { $0.contains(ip) }
    }

    /// An address with a port or without, with brackets around IPv6 or without.
    private static func address(_ entry: Substring.UTF8View) -> SocketAddress? {
        let trimmed = HTTPGrammar.trim(Array(entry)[...])
        // Longer than any address with brackets, zone and port.
        guard trimmed.count <= 80, trimmed.allSatisfy({ $0 < 0x80 }) else { return nil }
        let text = String(decoding: trimmed, as: UTF8.self)
        if let address = SocketAddress(text) { return address }
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        return SocketAddress(host: isBracketed ? String(text.dropFirst().dropLast()) : text, port: 0)
    }

    private static let name: HTTPField.Name = {
        guard let name = HTTPField.Name("X-Forwarded-For") else { preconditionFailure("a valid name") }
        return name
    }()
}
