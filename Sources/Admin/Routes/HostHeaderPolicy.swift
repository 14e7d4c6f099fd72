import EventLoop
import JSON

/// Which `Host` headers the admin address accepts. Protects against DNS rebinding: without it, any website could resolve its own
/// name to this address, and read and do through an operator's browser what the operator may.
package enum HostHeaderPolicy {
    /// Whether a request with this `Host` is accepted.
    ///
    /// - Parameters:
    ///   - authority: the request's `Host`, with or without a port; nil if there is none.
    ///   - names: names accepted in addition to IP addresses and `localhost`, normalized by ``name(_:)``.
    static func allows(_ authority: String?, names: Set<String>) -> Bool {
        guard let authority else { return false }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            let port = authority[end...].dropFirst()
            return IPAddress(authority[..<end].dropFirst()) != nil && (port.isEmpty || port.hasPrefix(":"))
        }
        guard let name = name(String(authority.prefix { $0 != ":" })) else { return false }
        return name == "localhost" || names.contains(name) || isIPv4(name)
    }

    /// Whether a request comes from the bridge's own page: its `Origin` names the host that it was sent to. The scheme may be
    /// HTTPS, since a proxy may terminate TLS.
    static func isOwn(origin: String, authority: String?) -> Bool {
        guard let authority = authority?.lowercased(), !authority.isEmpty else { return false }
        return ["http://", "https://"].contains { UTF8Text(origin.lowercased()) == UTF8Text($0 + authority) }
    }

    /// Normalizes a host name: lower case, without a trailing dot. Nil if the text is not a host name.
    package static func name(_ text: String) -> String? {
        var name = text.lowercased()[...]
        if name.hasSuffix(".") { name.removeLast() }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isName && (1...253).contains(name.utf8.count) ? String(name) : nil
    }

    private static func isIPv4(_ name: String) -> Bool { IPAddress(name)?.isIPv4 ?? false }
}
