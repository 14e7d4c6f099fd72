import EventLoop

/// Recognizes the environment variables that Kubernetes sets for each Service of a namespace (`enableServiceLinks`).
///
/// The variables of a Service named `bridge` begin with `BRIDGE_`, as settings do. Name and value must both have the form of
/// a service link, so that a misspelled setting is still reported.
enum ServiceLink {
    /// Whether a variable has the form of a service link.
    static func isServiceLink(_ name: String, value: String) -> Bool {
        if name.hasSuffix("_SERVICE_HOST") { return IPAddress(value) != nil }
        let words = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        return isNumberedPort(words, value) || isLink(words, value)
    }

    /// `NAME_SERVICE_PORT` and `NAME_SERVICE_PORT_PORTNAME`: the Service's ports by number.
    private static func isNumberedPort(_ words: [String], _ value: String) -> Bool {
        isPort(value)
            && words.indices.dropLast().contains { words[$0] == "SERVICE" && words[$0 + 1] == "PORT" }
    }

    /// `NAME_PORT`, `NAME_PORT_80_TCP` and its parts, in the form of Docker's links.
    private static func isLink(_ words: [String], _ value: String) -> Bool {
        if isPortProtocol(words[...]) { return isURL(value) }
        guard isPortProtocol(words.dropLast()) else { return words.last == "PORT" && isURL(value) }
        switch words.last {
        case "PROTO": return protocols.contains(value.uppercased())
        case "PORT": return isPort(value)
        case "ADDR": return IPAddress(value) != nil
        default: return false
        }
    }

    private static let protocols: Set<String> = ["TCP", "UDP", "SCTP"]

    /// Whether a name ends with `PORT`, a number and a protocol.
    private static func isPortProtocol(_ words: ArraySlice<String>) -> Bool {
        let end = Array(words.suffix(3))
        return end.count == 3 && end[0] == "PORT" && isPort(end[1]) && protocols.contains(end[2])
    }

    private static func isPort(_ text: String) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && UInt16(text) != nil
    }

    private static func isURL(_ value: String) -> Bool {
        let parts = value.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 && protocols.contains(parts[0].uppercased()) && parts[1].hasPrefix("//")
            && SocketAddress(String(parts[1].dropFirst(2))) != nil
    }
}
