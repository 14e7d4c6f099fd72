import Encoding

/// Cleans up keys and tokens from variables, files, programs and services, which may have a trailing line break, a byte
/// order mark, or be empty.
enum KeyText {
    /// A key or token with invalid characters.
    struct MalformedError: Error, Hashable {
        /// The part's name, for messages.
        let part: String

        /// The problem, without the secret text itself.
        var reason: String {
            "the \(part) has whitespace, control characters or non-ASCII characters. Correct it."
        }
    }

    /// Trims whitespace, control characters and byte order marks; nil if nothing is left.
    static func trimmed(_ text: String?) -> String? {
        guard let scalars = text?.unicodeScalars else { return nil }
        func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || scalar.properties.generalCategory == .control || scalar == "\u{FEFF}"
        }
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return nil }
        return String(scalars[first...last])
    }

    /// Validates a part; nil if it is missing or empty.
    ///
    /// - Parameter name: the part's name, for the error.
    static func part(_ text: String?, _ name: String) throws(MalformedError) -> String? {
        guard let text = trimmed(text) else { return nil }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw MalformedError(part: name) }
        return text
    }
}

extension Credentials {
    /// Validates credentials from a source; nil without an access key ID or a secret. An empty token counts as missing.
    init?(
        id: String?, secret: String?, token: String?, expiration: Timestamp? = nil
    ) throws(KeyText.MalformedError) {
        guard let id = try KeyText.part(id, "access key ID"), let secret = try KeyText.part(secret, "secret access key")
        else { return nil }
        self.init(
            accessKeyID: id, secretAccessKey: secret, sessionToken: try KeyText.part(token, "session token"),
            expiration: expiration)
    }
}
