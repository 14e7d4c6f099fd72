import Admin
import Cryptography
import EventLoop
import HTTPTypes
import Store

extension ValueType where Value == SocketAddress {
    /// A numeric address with a port.
    static var address: Self {
        ValueType(
            "HOST:PORT", expected: "a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080",
            schema: .text("^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$")
        ) { SocketAddress($0) }
    }
}

extension ValueType where Value == AddressBlock {
    /// An address or a CIDR block.
    static var addressBlock: Self {
        ValueType(
            "ADDRESS/BITS", expected: "an address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32",
            schema: .text("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$")
        ) { AddressBlock($0) }
    }
}

extension ValueType where Value == StoreLocation {
    /// The URL of a store.
    static var storeURL: Self {
        ValueType("URL", schema: .text("^(sqlite|postgresql|postgres)://.+$")) { text throws(InvalidValueError) in
            do throws(StoreError) { return try StoreLocation(url: text) } catch { throw .problem(error.message) }
        }
    }
}

extension ValueType where Value == String {
    /// A host name for comparison with the `Host` header, normalized.
    static var hostName: Self {
        ValueType(
            "NAME", expected: "host names without scheme and port, for example bridge.example.com",
            schema: .text("^[A-Za-z0-9._-]+$")
        ) { HostHeaderPolicy.name($0) }
    }

    /// The name of a header field, in lower case.
    static var headerName: Self {
        ValueType(
            "NAME", expected: "a valid header field name, for example {example}",
            schema: .text("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
        ) { HTTPField.Name($0)?.canonicalName }
    }

    /// An HTTPS URL with a host and a path, and without user or fragment.
    static var httpsURL: Self {
        ValueType(
            "URL", expected: "a URL of the form https://HOST/PATH", schema: .text("^https://[^/?#@]+/[^#]*$")
        ) { text in
            guard text.hasPrefix("https://"), text.utf8.count <= 2048 else { return nil }
            let rest = text.dropFirst("https://".count)
            let host = rest.prefix { $0 != "/" }
            let isPlain = rest.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"@#\"<>`{}|^"#.utf8.contains($0) }
            return isPlain && !host.isEmpty && !host.contains("?") && rest.contains("/") ? text : nil
        }
    }

    /// A host and port with the address and port to connect to instead.
    static var connection: Self {
        ValueType(
            "HOST:PORT:ADDRESS:PORT", expected: "the form HOST:PORT:ADDRESS:PORT",
            schema: .text("^\\S*:\\S*:\\S*:[0-9]{1,5}$")
        ) { text in
            // IPv6 addresses are in brackets and contain colons.
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 4, !text.contains(where: \.isWhitespace), UInt16(parts[parts.count - 1]) != nil else {
                return nil
            }
            return text
        }
    }
}

extension ValueType where Value == Secret {
    /// A bearer token of visible ASCII characters.
    ///
    /// - Parameter length: the number of characters.
    static func token(_ length: ClosedRange<Int>) -> Self {
        let form = "\(length.lowerBound) to \(length.upperBound) visible ASCII characters"
        return ValueType("TOKEN", range: form, expected: form, schema: .text(length, "^[!-~]+$")) { text in
            length.contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 } ? Secret(text) : nil
        }
    }

    /// The user and password of Basic authentication.
    static var basicCredentials: Self {
        ValueType("USER:PASSWORD", expected: "the form USER:PASSWORD", schema: .text("^[^:]+:.+$")) { text in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } ? Secret(text) : nil
        }
    }
}

extension ValueType where Value == [Secret] {
    /// One API key, or two during a rotation.
    static var apiKeys: Self {
        ValueType("KEY[,KEY]", schema: .list(of: .text, atMost: 2)) { text throws(InvalidValueError) in
            let keys = text.listEntries
            guard keys.count <= 2 else {
                throw .problem("more than 2 keys. Remove the keys that EventBridge no longer sends.")
            }
            // Templates print "null" for a missing value, and everyone can guess that key.
            guard !keys.contains(where: CoreSchema.nulls.contains) else {
                throw .problem("a key is null. Set a random key, or remove this key.")
            }
            return keys.map { Secret($0) }
        }
    }
}

extension ValueType where Value == [AdminAccess.Token] {
    /// Tokens with names.
    static func namedTokens(_ length: ClosedRange<Int>) -> Self {
        let token = ValueType<Secret>.token(length)
        let form =
            "NAME=TOKEN with a name of 1 to 64 letters, digits, dots, dashes and underscores and a token of \(token.range)"
        return ValueType(
            "NAME=TOKEN,…", range: "Each: \(form).", expected: form,
            schema: .list(of: .text("^[A-Za-z0-9._-]{1,64}=[!-~]{16,1024}$"))
        ) { text throws(InvalidValueError) in
            var tokens: [AdminAccess.Token] = []
            for entry in text.listEntries {
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                // The entry has a secret: it must not be in the error.
                guard parts.count == 2, isTokenName(parts[0]), let secret = try? token.read(String(parts[1])) else {
                    throw .problem("an entry is malformed. Use \(form).")
                }
                guard !tokens.contains(where: { $0.name.utf8.elementsEqual(parts[0].utf8) }) else {
                    throw .problem("duplicate name \(parts[0]). Remove one of the two entries.")
                }
                tokens.append(AdminAccess.Token(name: String(parts[0]), secret: secret))
            }
            return tokens
        }
    }

    private static func isTokenName(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "._-".utf8.contains(byte)
                }
            }
    }
}
