/// Validates the parts of a request's head.
enum FieldRules {
    /// Fields that libcurl sets itself, or that could be used for request smuggling.
    static let reserved: Set<String> = [
        "connection", "content-length", "expect", "host", "proxy-authorization", "te", "trailer", "transfer-encoding",
        "upgrade", "x-amz-date", "x-amz-content-sha256",
    ]

    /// Whether a text is a valid field value: no control characters except tabs, no leading or trailing whitespace.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            && text.utf8.first.map(isBlank) != true && text.utf8.last.map(isBlank) != true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a text is a valid URL authority: visible ASCII without delimiters and user information.
    static func isAuthority(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"/?#@\<>^`{|}""#.utf8.contains($0) }
    }

    /// Whether a text is a valid path and query: visible ASCII, beginning with a slash, without a fragment.
    static func isPath(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }
}
