import AWSCore

/// An access key.
struct AccessKey: Hashable {
    let id: String
    let secretAccessKey: String
    /// The session token; nil for a long-term key.
    let sessionToken: String?
    let account: AccountID
    /// The ARN of the key's owner.
    let principal: String
    /// Milliseconds since 1970; nil for a long-term key.
    let expiration: Int64?
}

/// The access keys of all accounts.
struct AccessKeys {
    private var keys: [String: AccessKey] = [:]

    /// - Parameter credentials: the long-term keys.
    init(_ credentials: [LocalAWS.Credentials], partition: Partition) {
        for credential in credentials {
            keys[credential.accessKeyID] = AccessKey(
                id: credential.accessKeyID, secretAccessKey: credential.secretAccessKey, sessionToken: nil,
                account: credential.account,
                principal: "arn:\(partition.rawValue):iam::\(credential.account):user/local", expiration: nil)
        }
    }

    /// The key with an ID.
    func key(_ id: String, now: Int64) throws(AuthenticationError) -> AccessKey {
        guard let key = keys[id] else { throw .unknownKey }
        if let expiration = key.expiration, expiration <= now { throw .expiredKey }
        return key
    }

    /// Whether an account has a key.
    func has(_ account: AccountID) -> Bool { keys.values.contains { $0.account == account } }

    /// Issues a temporary key; expired keys are removed a day later.
    mutating func issue(account: AccountID, principal: String, expiration: Int64, now: Int64) -> AccessKey {
        keys = keys.filter { $0.value.expiration.map { $0 > now - 86_400_000 } ?? true }
        let key = AccessKey(
            id: "ASIA" + RandomToken.hexadecimal(bytes: 8).uppercased(),
            secretAccessKey: RandomToken.hexadecimal(bytes: 20), sessionToken: RandomToken.hexadecimal(bytes: 64),
            account: account, principal: principal, expiration: expiration)
        keys[key.id] = key
        return key
    }
}
