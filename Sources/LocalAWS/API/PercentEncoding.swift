/// Percent-encoding (RFC 3986, section 2.1) as AWS Signature Version 4 and AWS's query protocol use it.
enum PercentEncoding {
    /// Encodes everything but unreserved characters, with uppercase digits.
    ///
    /// - Parameter kept: further characters to leave unchanged.
    static func encode(_ bytes: some Sequence<UInt8>, keeping kept: String = "") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || kept.utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0x0F)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes a text; nil unless two hexadecimal digits follow every `%`.
    ///
    /// - Parameter plusIsSpace: whether a plus sign encodes a space, as in forms.
    static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(value), let low = iterator.next().flatMap(value) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return decoded
    }

    /// Splits a query or a form into names and values, still encoded, in order.
    static func split(_ text: some StringProtocol) -> [(name: String, value: String)] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { parameter in
            let parts = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (
                String(decoding: parts[0], as: UTF8.self), String(decoding: parts.dropFirst().joined(), as: UTF8.self)
            )
        }
    }

    /// Parses a query or a form; nil if the encoding is invalid or a name is duplicated.
    static func parameters(_ text: some StringProtocol) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (name, value) in split(text) {
            guard let name = decode(name.utf8, plusIsSpace: true), let value = decode(value.utf8, plusIsSpace: true),
                parameters.updateValue(
                    String(decoding: value, as: UTF8.self), forKey: String(decoding: name, as: UTF8.self)) == nil
            else { return nil }
        }
        return parameters
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
