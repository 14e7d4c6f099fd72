/// What may stand in the head of a request.
enum FieldRules {
    /// Fields that libcurl sets itself, and whose contents another party could use to smuggle a request.
    static let reserved: Set<String> = [
        "connection", "content-length", "expect", "host", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "x-amz-date", "x-amz-content-sha256",
    ]

    /// Whether a text may be the value of a field: neither controls (tabs apart) nor spaces around it.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            && text.utf8.first.map(isBlank) != true && text.utf8.last.map(isBlank) != true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a text may stand for host and port in a URL: visible ASCII that ends no authority and names no user.
    static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"/?#@\<>^`{|}""#.utf8.contains($0) }
    }

    /// Whether a text may be the path and query of a URL: visible ASCII from a slash on, without a fragment.
    static func isPath(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }
}
