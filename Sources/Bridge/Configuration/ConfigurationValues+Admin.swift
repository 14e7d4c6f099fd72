/// Who may ask the admin address, and do what.
struct AdminAccess: Sendable {
    /// The names that it may be called by, beside addresses and `localhost`, in lower case.
    var hosts: Set<String> = []
    /// What lets dead letters be replayed and dropped there; nil if nothing does.
    var token: Secret?

    /// Whether dead letters may be replayed and dropped there.
    var allowsActions: Bool { token != nil }
}

extension ConfigurationValues {
    /// The shortest and the longest token, in characters.
    private static let tokenLength = 16...1024

    func adminAccess() throws(ConfigurationError) -> AdminAccess {
        var access = AdminAccess()
        for text in try list(.adminHosts) {
            guard let name = HostHeaderPolicy.name(text) else {
                throw ConfigurationError(
                    ConfigurationKey.adminHosts.name,
                    "\"\(text)\" is not the name of a host, such as bridge.example.com; write it without scheme and port"
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
                "it is missing, and admin.allowActions needs it; give a long random one, or its file as admin.tokenFile"
            )
        }
        access.token = token
        return access
    }
}
