import AWSClient
import AWSCore

extension ConfigurationValues {
    /// Reads `aws.roles`, `aws.roleName` and `aws.externalId`.
    func accountRoles() throws(ConfigurationError) -> AccountRoles {
        var roles = AccountRoles()
        for entry in try list(.awsRoles) {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let account = AccountID(parts[0]),
                let owner = AccountRoles.account(ofRole: String(parts[1]))
            else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name,
                    "invalid value \"\(entry)\". Use an account and the ARN of a role, for example "
                        + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge.")
            }
            // A role of another account would read that account's findings.
            guard owner == account else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name,
                    "the role of account \(account) belongs to account \(owner). Use a role of account \(account).")
            }
            guard roles.roles.updateValue(String(parts[1]), forKey: account) == nil else {
                throw ConfigurationError(
                    ConfigurationKey.awsRoles.name, "duplicate account \(account). Remove one of the two entries.")
            }
        }
        roles.name = try roleName()
        roles.externalID = try value(
            .awsExternalID, default: nil, expected: "2 to 1224 letters, digits and _+=,.@:/-"
        ) { Self.isExternalID($0) ? .some($0) : nil }
        guard roles.externalID == nil || !roles.isEmpty else {
            throw ConfigurationError(
                ConfigurationKey.awsExternalID.name,
                "no role is configured. Set aws.roles or aws.roleName, or remove this key.")
        }
        return roles
    }

    /// The name of the role in every account, including its path.
    private func roleName() throws(ConfigurationError) -> String? {
        try value(
            .awsRoleName, default: nil,
            expected: "a role name such as DefenderBridge, or its ARN with * as the account"
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

    /// Reads `aws.regions`; nil for the Regions of the topics.
    func regions() throws(ConfigurationError) -> Set<Region>? {
        let texts = try list(.awsRegions)
        guard !texts.isEmpty else { return nil }
        var regions: Set<Region> = []
        for text in texts {
            guard let region = Region(text) else {
                throw ConfigurationError(
                    ConfigurationKey.awsRegions.name, "invalid value \"\(text)\". Use a Region such as eu-central-1.")
            }
            regions.insert(region)
        }
        return regions
    }
}
