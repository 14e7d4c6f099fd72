import AWSClient
import Admin
import Cryptography
import Intake
import SNS

/// Values that several keys define together.
extension ConfigurationValues {
    /// Reads `listen.tls.*`; nil for plain HTTP.
    func tlsFiles() throws(ConfigurationError) -> BridgeConfiguration.TLSFiles? {
        switch (try self[\.listenCertificate], try self[\.listenPrivateKey]) {
        case (nil, nil): return nil
        case (let certificate?, let privateKey?):
            return BridgeConfiguration.TLSFiles(certificate: certificate, privateKey: privateKey)
        case (_, nil):
            throw ConfigurationError(
                \.listenPrivateKey, "not set, but listen.tls.certificate is. Set it to the private key's file.")
        case (nil, _):
            throw ConfigurationError(
                \.listenCertificate, "not set, but listen.tls.privateKey is. Set it to the certificate's file.")
        }
    }

    /// Checks that `listen.proxyProtocol` has its `listen.trustedProxies`.
    func checkProxyProtocol() throws(ConfigurationError) {
        guard try self[\.listenProxyProtocol], try self[\.listenTrustedProxies].isEmpty else { return }
        throw ConfigurationError(
            \.listenProxyProtocol,
            "listen.trustedProxies is not set. Set it to the addresses of your load balancer.")
    }

    /// Reads `admin.hosts`, `admin.allowActions`, `admin.token` and `admin.tokens`.
    func adminAccess() throws(ConfigurationError) -> AdminAccess {
        var access = AdminAccess(hosts: Set(try self[\.adminHosts]))
        let unnamed = try self[\.adminToken].map { [AdminAccess.Token(name: AdminAccess.unnamed, secret: $0)] } ?? []
        let tokens = unnamed + (try self[\.adminTokens])
        guard try self[\.adminAllowActions] else { return access }
        guard !tokens.isEmpty else {
            throw ConfigurationError(
                \.adminToken,
                "not set, but admin.allowActions is true. Set it to a long random token, or set admin.tokenFile or admin.tokens."
            )
        }
        access.tokens = tokens
        return access
    }

    /// Reads `sns.topics`, `sns.accounts` and `aws.regions`.
    func topics() throws(ConfigurationError) -> TopicPolicy {
        let texts = try self[\.snsTopics]
        let accounts = Set(try self[\.snsAccounts])
        let regions = Set(try self[\.awsRegions])
        do throws(TopicPolicyError) {
            return try TopicPolicy(topics: texts, accounts: accounts, regions: regions.isEmpty ? nil : regions)
        } catch {
            switch error {
            case .invalidTopic(let text):
                throw ConfigurationError(
                    \.snsTopics, "invalid value \"\(text)\". Use \(ValueType<String>.topic.expected).")
            case .repeated(let text):
                throw ConfigurationError(\.snsTopics, "duplicate entry \"\(text)\". Remove one of the two.")
            case .missingAccounts(let text):
                throw ConfigurationError(
                    \.snsAccounts,
                    "not set, but \"\(text)\" in sns.topics uses *. List the accounts that * represents.")
            case .unusedAccounts:
                throw ConfigurationError(
                    \.snsAccounts,
                    "no entry of sns.topics uses * as the account or ends in =*. Add such an entry, or remove this key."
                )
            case .noTopicInRegions:
                throw ConfigurationError(
                    \.awsRegions,
                    "no entry of sns.topics is in these Regions. Add the topics' Regions, or remove this key.")
            }
        }
    }

    /// Reads `eventBridge.oauth.*`; nil if none of these keys is set.
    func eventBridgeTokens() throws(ConfigurationError) -> TokenVerifier.Settings? {
        let values = (
            issuer: try self[\.eventBridgeOAuthIssuer], audience: try self[\.eventBridgeOAuthAudience],
            keys: try self[\.eventBridgeOAuthKeys]
        )
        if case (nil, nil, nil) = values { return nil }
        let problem = "not set, but another eventBridge.oauth key is. Set issuer, audience and jwksURL together."
        guard let issuer = values.issuer else { throw ConfigurationError(\.eventBridgeOAuthIssuer, problem) }
        guard let audience = values.audience else { throw ConfigurationError(\.eventBridgeOAuthAudience, problem) }
        guard let keys = values.keys else { throw ConfigurationError(\.eventBridgeOAuthKeys, problem) }
        return TokenVerifier.Settings(issuer: issuer, audience: audience, jwksURL: keys)
    }

    /// Reads `aws.roles`, `aws.roleName` and `aws.externalId`.
    func accountRoles() throws(ConfigurationError) -> AccountRoles {
        var roles = AccountRoles()
        roles.roles = try self[\.awsRoles]
        roles.name = try self[\.awsRoleName]
        roles.externalID = try self[\.awsExternalID]
        guard roles.externalID == nil || !roles.isEmpty else {
            throw ConfigurationError(
                \.awsExternalID, "no role is configured. Set aws.roles or aws.roleName, or remove this key.")
        }
        return roles
    }
}

extension ConfigurationValues {
    /// The shortest key or password without a warning, in characters.
    private static let recommendedLength = 16

    /// Warnings about missing topics and short credentials.
    func warnings() throws(ConfigurationError) -> [ConfigurationWarning] {
        let keys = ConfigurationKeys.declared
        var warnings: [ConfigurationWarning] = []
        // Events are accepted only from the accounts and Regions of the topics, too.
        if try self[\.snsTopics].isEmpty {
            warnings.append(
                ConfigurationWarning(
                    key: keys.snsTopics.key.name,
                    problem: "no topic is listed, so every SNS message and every EventBridge event is rejected",
                    remediation: "List the ARNs of the SNS topics that Device Defender publishes to."))
        }
        func warn(_ key: ConfigurationKey, _ noun: String) {
            warnings.append(
                ConfigurationWarning(
                    key: key.name, problem: "a \(noun) has fewer than \(Self.recommendedLength) characters",
                    remediation: "Replace it with a random \(noun) of at least \(Self.recommendedLength) characters."))
        }
        let apiKeys = (try text(keys.eventBridgeAPIKey.key) ?? "").listEntries
        if apiKeys.contains(where: { $0.utf8.count < Self.recommendedLength }) {
            warn(keys.eventBridgeAPIKey.key, "key")
        }
        if let basic = try text(keys.eventBridgeBasic.key),
            basic.drop(while: { $0 != ":" }).dropFirst().utf8.count < Self.recommendedLength
        {
            warn(keys.eventBridgeBasic.key, "password")
        }
        return warnings
    }

    /// SHA-256 digests of the configured values, by key.
    func digests() throws(ConfigurationError) -> [String: [UInt8]] {
        var digests: [String: [UInt8]] = [:]
        for key in ConfigurationKey.all {
            if let text = try text(key) { digests[key.name] = Digest.sha256(Array(text.utf8)) }
        }
        return digests
    }
}
