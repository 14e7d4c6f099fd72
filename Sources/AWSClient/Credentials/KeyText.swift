/// The parts of credentials as variables, files, programs and services hand them over: with a line break of `echo`, a
/// byte order mark of an editor, or empty where there is none.
enum KeyText {
    /// A part that cannot be one: blanks or control characters inside.
    struct MalformedError: Error, Hashable {
        /// Which part, in words.
        let part: String

        /// What is wrong with it, without the text itself.
        var reason: String {
            "the \(part) has white space, control characters or characters other than ASCII inside; correct it"
        }
    }

    /// The text without white space and byte order marks around it; nil if nothing is left.
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

    /// Reads a part; nil if there is none.
    ///
    /// - Parameter name: the part, for the error.
    static func part(_ text: String?, _ name: String) throws(MalformedError) -> String? {
        guard let text = trimmed(text) else { return nil }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw MalformedError(part: name) }
        return text
    }
}

extension Credentials {
    /// Reads credentials as they were handed over; nil without an access key's id or secret. An empty token is none.
    init?(
        id: String?, secret: String?, token: String?, expiration: Int64? = nil
    ) throws(KeyText.MalformedError) {
        guard let id = try KeyText.part(id, "access key id"), let secret = try KeyText.part(secret, "secret access key")
        else { return nil }
        self.init(
            accessKeyID: id, secretAccessKey: secret, sessionToken: try KeyText.part(token, "session token"),
            expiration: expiration)
    }
}
