/// A configuration key with its help.
package struct ConfigurationKey: Sendable, Hashable {
    /// The key as in the configuration file, for example `listen.address`.
    package let name: String
    /// The form of the value for help texts, for example `HOST:PORT`.
    package let placeholder: String
    /// The meaning, range and default of the value.
    package let help: String
    /// Whether the value must not be printed. The key with `File` appended reads a secret from a file.
    package let isSecret: Bool

    private init(_ name: String, _ placeholder: String, _ help: String, isSecret: Bool = false) {
        self.name = name
        self.placeholder = placeholder
        self.help = help
        self.isSecret = isSecret
    }

    /// The environment variable, for example `BRIDGE_LISTEN_ADDRESS`.
    package var environmentVariable: String { "BRIDGE_" + words.joined(separator: "_").uppercased() }

    /// The parts of the name, split at dots and between a lowercase and an uppercase letter.
    private var words: [String] {
        var words = [""]
        var previous: Character = "."
        for character in name {
            if character == "." {
                words.append("")
            } else {
                if previous.isLowercase && character.isUppercase { words.append("") }
                words[words.count - 1].append(character.lowercased())
            }
            previous = character
        }
        return words
    }
}

extension ConfigurationKey {
    package static let listenAddress = Self(
        "listen.address", "HOST:PORT",
        "Address and port of the listener for Amazon SNS and EventBridge. Default: 127.0.0.1:8080.")
    static let listenCertificate = Self(
        "listen.tls.certificate", "FILE", "PEM file with the TLS certificate and its chain. Default: none (plain HTTP)."
    )
    static let listenPrivateKey = Self(
        "listen.tls.privateKey", "FILE",
        "PEM file with the private key of the TLS certificate. Required with listen.tls.certificate.")
    static let listenLoops = Self(
        "listen.loops", "NUMBER", "Number of listener threads, from 1 to 64. Default: one per core.")
    static let listenMaxConnections = Self(
        "listen.maxConnections", "NUMBER",
        "Maximum number of open connections, from 1 to 1000000. Default: what the file descriptor limit allows, at most 16384."
    )
    static let listenMaxConnectionsPerAddress = Self(
        "listen.maxConnectionsPerAddress", "NUMBER",
        "Maximum number of open connections per client address, from 1 to 1000000. Does not apply to trusted proxies. "
            + "Default: 1024.")
    static let listenTrustedProxies = Self(
        "listen.trustedProxies", "ADDRESS/BITS,…",
        "Addresses or CIDR blocks of the proxies whose X-Forwarded-For header is trusted. Default: none.")
    static let listenProxyProtocol = Self(
        "listen.proxyProtocol", "BOOLEAN",
        "Require a PROXY protocol version 2 header on each connection. Requires listen.trustedProxies. Default: false.")
    package static let adminAddress = Self(
        "admin.address", "HOST:PORT",
        "Address and port of the admin server: metrics, status page and health. Default: 127.0.0.1:9090.")
    static let adminHosts = Self(
        "admin.hosts", "NAME,…",
        "Host names accepted in the Host header of admin requests, in addition to IP addresses and localhost. Default: none."
    )
    static let adminAllowActions = Self(
        "admin.allowActions", "BOOLEAN",
        "Allow clients with admin.token to replay and drop dead letters through the admin server. Default: false.")
    static let adminToken = Self(
        "admin.token", "TOKEN",
        "Bearer token required to replay or drop dead letters: 16 to 1024 visible ASCII characters. Default: none.",
        isSecret: true)
    static let storeURL = Self(
        "store.url", "URL",
        "URL of the store for the queue and the ledger: sqlite:///PATH or postgresql://HOST/DATABASE. Default: "
            + "sqlite://defender-bridge.db.",
        isSecret: true)
    static let storeMaxPending = Self(
        "store.maxPending", "NUMBER",
        "Maximum number of queued deliveries, from 1 to 1000000000. A full queue responds with 503, so that senders retry. "
            + "Default: 200000.")
    static let deadLettersMaxCount = Self(
        "deadLetters.maxCount", "NUMBER",
        "Maximum number of dead letters, from 2 to 10000000. When exceeded, the oldest are dropped. Default: 100000.")
    static let deadLettersMaxBytes = Self(
        "deadLetters.maxBytes", "BYTES",
        "Maximum total size of dead letters, from 4MiB to 1TiB. When exceeded, the oldest are dropped. Default: 256MiB."
    )
    static let deadLettersMaxAge = Self(
        "deadLetters.maxAge", "DURATION",
        "Retention of dead letters after their last failure, from 1h to 3650d. Default: 90d."
    )
    static let snsTopics = Self(
        "sns.topics", "ARN,…",
        "ARNs of the SNS topics to accept messages from; * can replace the name or the account. Append =ACCOUNT if the topic "
            + "carries another account's findings, =* if it carries the audits of all sns.accounts. Default: none (all messages "
            + "and events are rejected).")
    static let snsAccounts = Self(
        "sns.accounts", "ACCOUNT,…", "Accounts that * represents in sns.topics. Default: none.")
    static let snsMinimumSignatureVersion = Self(
        "sns.minimumSignatureVersion", "1|2",
        "Lowest SNS signature version to accept: 1 (SHA-1) or 2 (SHA-256). Default: 1.")
    static let snsMaxMessageAge = Self(
        "sns.maxMessageAge", "DURATION",
        "Maximum age of an SNS message, from 1m to 24h. Default: 1h, the longest time that SNS retries.")
    static let snsConfirm = Self(
        "sns.confirm", "auto|off",
        "Confirm subscriptions to sns.topics automatically (auto), or log the command that confirms them (off). Default: auto."
    )
    static let snsResubscribe = Self(
        "sns.resubscribe", "BOOLEAN", "Re-subscribe to a topic after its subscription was deleted. Default: false.")
    static let eventBridgeAPIKey = Self(
        "eventBridge.apiKey", "KEY[,KEY]",
        "API key that EventBridge sends: random, at least 16 characters. Two keys are accepted during a rotation. Default: none "
            + "(API keys are rejected).", isSecret: true)
    static let eventBridgeAPIKeyHeader = Self(
        "eventBridge.apiKeyHeader", "NAME", "Name of the header field with the API key. Default: x-api-key.")
    static let eventBridgeBasic = Self(
        "eventBridge.basic", "USER:PASSWORD",
        "User and password that EventBridge sends with Basic authentication. Default: none.",
        isSecret: true)
    static let eventBridgeOAuthIssuer = Self(
        "eventBridge.oauth.issuer", "TEXT",
        "Issuer (iss) of the OAuth tokens (JWT) that EventBridge sends. Default: none (tokens are rejected).")
    static let eventBridgeOAuthAudience = Self(
        "eventBridge.oauth.audience", "TEXT",
        "Audience (aud) of the OAuth tokens. Required with eventBridge.oauth.issuer.")
    static let eventBridgeOAuthKeys = Self(
        "eventBridge.oauth.jwksURL", "URL",
        "HTTPS URL of the key set (JWKS) that signs the OAuth tokens. Required with eventBridge.oauth.issuer.")
    static let securityHubRequestsPerSecond = Self(
        "securityHub.requestsPerSecond", "NUMBER",
        "Rate limit of BatchImportFindings calls per second, per account and Region, from 0.1 to 1000. Default: 10.")
    static let securityHubBurst = Self(
        "securityHub.burst", "NUMBER",
        "Burst of BatchImportFindings calls above the rate limit, per account and Region, from 1 to 1000. Default: 30.")
    static let checkSummaries = Self(
        "mapping.checkSummaries", "BOOLEAN", "Import a summary finding for each audit check. Default: true.")
    package static let severities = Self(
        "mapping.severities", "PATTERN=LABEL,…",
        "Severity labels for PROFILE/BEHAVIOR or CHECK, for example Fleet/*=HIGH. The first matching pattern applies; * matches "
            + "any text, ? any character. Default: none.")
    static let staleAfter = Self(
        "mapping.staleAfter", "DURATION|off",
        "Archive audit findings and check summaries that no audit has confirmed for this time, from 1d to 85d; only while "
            + "catch-up reads audits. With off, they stay active until Security Hub deletes them. Default: 45d.")
    static let networkConnectTo = Self(
        "network.connectTo", "HOST:PORT:ADDRESS:PORT,…",
        "Connect to ADDRESS:PORT instead of HOST:PORT, for private endpoints. Default: none.")
    static let catchUpInterval = Self(
        "catchUp.interval", "DURATION|off",
        "Interval at which Device Defender is checked for missed audits and alarms, from 1m to 24h; also checked at the start "
            + "and after outages. With off, never. Default: 1h."
    )
    static let awsRoles = Self(
        "aws.roles", "ACCOUNT=ARN,…", "IAM role to assume for each account other than the bridge's own. Default: none.")
    static let awsRoleName = Self(
        "aws.roleName", "NAME|ARN",
        "IAM role to assume in every other account that aws.roles does not list: its name, or its ARN with * as the account. "
            + "Default: none.")
    static let awsExternalID = Self(
        "aws.externalId", "TEXT",
        "External ID (sts:ExternalId) for assuming the roles, 2 to 1224 characters. Default: none.")
    static let awsRegions = Self(
        "aws.regions", "REGION,…", "Regions to accept findings from. Default: all Regions of sns.topics.")
    package static let logLevel = Self(
        "log.level", "LEVEL",
        "Lowest log level to print: trace, debug, info, notice, warning, error or critical. Default: info.")
    package static let logFormat = Self(
        "log.format", "FORMAT", "Log format: text or json. Default: text on a terminal, json otherwise.")

    /// All keys, in the order of the documentation.
    package static let all: [ConfigurationKey] = [
        listenAddress, listenCertificate, listenPrivateKey, listenLoops, listenMaxConnections,
        listenMaxConnectionsPerAddress, listenTrustedProxies, listenProxyProtocol, adminAddress, adminHosts,
        adminAllowActions, adminToken, storeURL, storeMaxPending, deadLettersMaxCount, deadLettersMaxBytes,
        deadLettersMaxAge,
        snsTopics, snsAccounts, snsMinimumSignatureVersion,
        snsMaxMessageAge, snsConfirm,
        snsResubscribe, eventBridgeAPIKey, eventBridgeAPIKeyHeader, eventBridgeBasic, eventBridgeOAuthIssuer,
        eventBridgeOAuthAudience, eventBridgeOAuthKeys, awsRoles, awsRoleName, awsExternalID, awsRegions,
        securityHubRequestsPerSecond, securityHubBurst, checkSummaries, severities, staleAfter, catchUpInterval,
        networkConnectTo,
        logLevel, logFormat,
    ]

    /// All accepted key names, including those with `File` appended for secrets.
    package static let names = Set(all.flatMap { $0.isSecret ? [$0.name, $0.name + "File"] : [$0.name] })
}
