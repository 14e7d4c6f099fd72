import EventLoop
import JSON

/// Whom a browser may take the admin address for. Without this, a page from anywhere could have its own name lead here
/// (DNS rebinding), and then read and do whatever the operator may.
enum HostHeaderPolicy {
    /// Whether a request may be answered that was sent to a host.
    ///
    /// - Parameters:
    ///   - authority: what the request's `Host` says, with a port or without; nil if there is none.
    ///   - names: the names that count beside addresses and `localhost`, as ``name(_:)`` gives them.
    static func allows(_ authority: String?, names: Set<String>) -> Bool {
        guard let authority else { return false }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            let port = authority[end...].dropFirst()
            return IPAddress(authority[..<end].dropFirst()) != nil && (port.isEmpty || port.hasPrefix(":"))
        }
        guard let name = name(String(authority.prefix { $0 != ":" })) else { return false }
        return name == "localhost" || names.contains(name) || isIPv4(name)
    }

    /// Whether a request that a page has sent comes from one of the bridge's own: its `AccountRegion` is the host that it was sent
    /// to. What is behind TLS somewhere before the bridge counts, too.
    static func isOwn(origin: String, authority: String?) -> Bool {
        guard let authority = authority?.lowercased(), !authority.isEmpty else { return false }
        return ["http://", "https://"].contains { UTF8Text(origin.lowercased()) == UTF8Text($0 + authority) }
    }

    /// A host's name in lower case and without the dot that may stand behind it; nil for what is none.
    static func name(_ text: String) -> String? {
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
