import Admin
import Cryptography

extension ConfigurationValues {
    /// The accepted length of the token, in characters.
    private static let tokenLength = 16...1024

    func adminAccess() throws(ConfigurationError) -> AdminAccess {
        var access = AdminAccess()
        for text in try list(.adminHosts) {
            guard let name = HostHeaderPolicy.name(text) else {
                throw ConfigurationError(
                    ConfigurationKey.adminHosts.name,
                    "invalid value \"\(text)\". Use host names without scheme and port, for example bridge.example.com."
                )
            }
            access.hosts.insert(name)
        }
        let token = try value(
            .adminToken, default: Secret?.none,
            expected: "\(Self.tokenLength.lowerBound) to \(Self.tokenLength.upperBound) visible ASCII characters"
        ) { text in
            let isUsable = Self.tokenLength.contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
            return isUsable ? .some(Secret(text)) : nil
        }
        let allowsActions = try flag(.adminAllowActions, default: false)
        guard allowsActions else { return access }
        guard let token else {
            throw ConfigurationError(
                ConfigurationKey.adminToken.name,
                "not set, but admin.allowActions is true. Set it to a long random token, or set admin.tokenFile."
            )
        }
        access.token = token
        return access
    }
}
