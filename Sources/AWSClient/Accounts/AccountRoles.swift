package import AWSCore

/// The roles to assume, by account.
package struct AccountRoles: Sendable, Hashable {
    /// Which credentials sign requests for an account.
    enum RoleChoice: Hashable {
        /// Those of a role.
        case role(arn: String)
        /// The process's own if they belong to the account, otherwise those of a role.
        case ownOrRole(arn: String)
        /// The process's own if they belong to the account; otherwise none.
        case ownOnly
    }

    /// Role ARNs by account.
    package var roles: [AccountID: String] = [:]
    /// The role name, with its path if it has one, for every account without an entry in ``roles``; nil for none.
    package var name: String?
    /// The external ID that the roles' trust policies require (`sts:ExternalId`); nil for none.
    package var externalID: String?

    /// Configures no roles: only requests for the account of the process's own credentials can be signed.
    package init() {}

    /// Whether no role is configured.
    package var isEmpty: Bool { roles.isEmpty && name == nil }

    func role(for account: AccountID, in partition: Partition) -> RoleChoice {
        if let arn = roles[account] { return .role(arn: arn) }
        if let name { return .ownOrRole(arn: "arn:\(partition.rawValue):iam::\(account):role/\(name)") }
        return .ownOnly
    }

    /// The account in an IAM role ARN; nil if the text is not one.
    package static func account(ofRole arn: String) -> AccountID? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", Partition(rawValue: String(parts[1])) != nil, parts[2] == "iam",
            parts[3].isEmpty, parts[5].hasPrefix("role/"), isRoleName(parts[5].dropFirst("role/".count))
        else { return nil }
        return AccountID(parts[4])
    }

    /// Whether a text is a valid role name, with or without a leading path (AWS IAM, "IAM and AWS STS quotas").
    package static func isRoleName(_ text: some StringProtocol) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 512
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                        default: "_+=,.@-".utf8.contains(byte)
                        }
                    }
            }
    }
}
