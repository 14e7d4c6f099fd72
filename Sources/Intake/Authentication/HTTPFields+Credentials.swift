import Cryptography
package import HTTPTypes
import JSON

extension HTTPFields {
    /// The credentials of `Authorization` for a scheme, whose name is case-insensitive (RFC 9110, section 11.4).
    ///
    /// - Parameter scheme: the scheme's name in lower case.
    /// - Returns: nil for another scheme, and for more than one field, because two parsers could read that differently.
    package func credentials(of scheme: String) -> String? {
        guard let value = onlyValue(of: HTTPField.Name.authorization.canonicalName),
            let space = value.utf8.firstIndex(of: UInt8(ascii: " ")),
            value.utf8[..<space].count == scheme.utf8.count,
            UTF8Text(value[..<space].lowercased()) == UTF8Text(scheme)
        else { return nil }
        return String(value[value.utf8.index(after: space)...])
    }

    /// The value of a field; nil if there is none, and for more than one, because two parsers could read that differently.
    func onlyValue(of field: String) -> String? {
        guard let name = HTTPField.Name(field) else { return nil }
        let values = self[values: name]
        return values.count == 1 ? values[0] : nil
    }
}

extension [Secret] {
    /// Whether a value is one of the secrets. All are compared, so that the response time does not reveal which one matches.
    func hasMatch(_ value: [UInt8]) -> Bool { reduce(false) { isMatch, secret in secret.matches(value) || isMatch } }
}
