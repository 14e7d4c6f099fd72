import EventLoop
import HTTPTypes

/// Determines the client's address behind proxies from `X-Forwarded-For`, to which each proxy appends the address of its client.
enum ForwardedFor {
    /// The client's address: the last one in the field that is not a trusted proxy's. Clients can forge all entries to the left
    /// of it.
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

    /// Whether an address is a trusted proxy's. A local socket is trusted: its file permissions decide which programs may
    /// connect.
    static func isTrusted(_ address: SocketAddress, _ trusted: [AddressBlock]) -> Bool {
        if address.isLocal { return true }
        guard !trusted.isEmpty, let ip = address.ip else { return false }
        return trusted.contains { $0.contains(ip) }
    }

    /// Parses an address with or without a port, and with or without brackets around IPv6.
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
