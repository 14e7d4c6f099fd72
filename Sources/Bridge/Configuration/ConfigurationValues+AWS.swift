import AWSClient
import AWSCore

extension ConfigurationValues {
    /// Which roles are assumed.
    func accountRoles() throws(ConfigurationError) -> AccountRoles {
        var roles = AccountRoles()
        for entry in try list(.awsRoles) {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let account = AccountID(parts[0]),
                let owner = AccountRoles.account(ofRole: String(parts[1]))
            else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name,
                    "\"\(entry)\" is not an account and the ARN of a role, such as "
                        + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge; mend it")
            }
            // Findings of an account are taken from that account alone.
            guard owner == account else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name,
                    "the role of \(account) is one of \(owner); name a role of the account itself")
            }
            guard roles.roles.updateValue(String(parts[1]), forKey: account) == nil else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name, "\(account) is there twice; remove one entry")
            }
        }
        roles.name = try roleName()
        roles.externalID = try value(
            .awsExternalID, default: nil, expected: "2 to 1224 letters, digits and _+=,.@:/-"
        ) { Self.isExternalID($0) ? .some($0) : nil }
        guard roles.externalID == nil || !roles.isEmpty else {
            throw ConfigurationError(
                ConfigurationKey.awsExternalID.name, "there is no role; set aws.roles or aws.roleName, or remove it")
        }
        return roles
    }

    /// The name of the role in every account, with its path.
    private func roleName() throws(ConfigurationError) -> String? {
        try value(
            .awsRoleName, default: nil,
            expected: "the name of a role, such as DefenderBridge, or its ARN with * for the account"
        ) { text in
            guard text.hasPrefix("arn:") else { return AccountRoles.isRoleName(text) ? .some(text) : nil }
            let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6, Partition(rawValue: String(parts[1])) != nil, parts[2] == "iam", parts[3].isEmpty,
                parts[4] == "*", parts[5].hasPrefix("role/")
            else { return nil }
            let name = parts[5].dropFirst("role/".count)
            return AccountRoles.isRoleName(name) ? .some(String(name)) : nil
        }
    }

    private static func isExternalID(_ text: String) -> Bool {
        (2...1224).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "_+=,.@:/-".utf8.contains(byte)
                }
            }
    }

    /// The Regions whose findings are taken; nil for those of the topics.
    func regions() throws(ConfigurationError) -> Set<Region>? {
        let texts = try list(.awsRegions)
        guard !texts.isEmpty else { return nil }
        var regions: Set<Region> = []
        for text in texts {
            guard let region = Region(text) else {
                throw ConfigurationError(
                    ConfigurationKey.awsRegions.name, "\"\(text)\" is not a Region such as eu-central-1; mend it")
            }
            regions.insert(region)
        }
        return regions
    }
}
