public import AWSCore

/// Which role is assumed in which account.
public struct AccountRoles: Sendable, Hashable {
    /// How requests for an account are signed.
    enum RoleChoice: Hashable {
        /// By those of a role.
        case role(arn: String)
        /// By the process's own credentials if the account is their own, else by those of a role.
        case ownOrRole(arn: String)
        /// By the process's own credentials if the account is their own; there is no role for others.
        case ownOnly
    }

    /// The ARNs of roles, by the account that they are for.
    public var roles: [AccountID: String] = [:]
    /// The name, with its path if it has one, of the role in every account that has none in ``roles``; nil for none.
    public var name: String?
    /// What the trust policies of the roles ask for (`sts:ExternalId`); nil for nothing.
    public var externalID: String?

    /// No roles: only requests for the account of the process's own credentials can be signed.
    public init() {}

    /// Whether there are none.
    public var isEmpty: Bool { roles.isEmpty && name == nil }

    func role(for account: AccountID, in partition: Partition) -> RoleChoice {
        if let arn = roles[account] { return .role(arn: arn) }
        if let name { return .ownOrRole(arn: "arn:\(partition.rawValue):iam::\(account):role/\(name)") }
        return .ownOnly
    }

    /// Whether a text can be the ARN of a role, and of which account; nil if not.
    public static func account(ofRole arn: String) -> AccountID? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", Partition(rawValue: String(parts[1])) != nil, parts[2] == "iam",
            parts[3].isEmpty, parts[5].hasPrefix("role/"), isRoleName(parts[5].dropFirst("role/".count))
        else { return nil }
        return AccountID(parts[4])
    }

    /// Whether a text can be the name of a role, with or without a path before it (AWS IAM, "IAM and AWS STS quotas").
    public static func isRoleName(_ text: some StringProtocol) -> Bool {
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
