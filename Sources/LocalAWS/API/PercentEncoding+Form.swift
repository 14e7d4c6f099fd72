import Encoding

extension PercentEncoding {
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
}
