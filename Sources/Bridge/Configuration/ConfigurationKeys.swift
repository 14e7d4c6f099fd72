import Logging
import SecurityFindings
import Telemetry

/// The declarations of all configuration keys, in the order of the documentation.
///
/// A declaration is the only place that names a key: its variable, its part of the help and of the documents, and whether a
/// reload changes it are derived from here.
struct ConfigurationKeys: Sendable {
    let listenAddress = TypedKey(
        "listen.address", .address, default: "127.0.0.1:8080", reload: .restart,
        help: "Address and port of the listener for Amazon SNS and EventBridge.")
    let listenCertificate = TypedKey(
        "listen.tls.certificate", .text("FILE"), unset: "none (plain HTTP)", reload: .restart,
        help: "PEM file with the TLS certificate and its chain.")
    let listenPrivateKey = TypedKey(
        "listen.tls.privateKey", .text("FILE"), unset: nil, reload: .restart,
        help: "PEM file with the private key of the TLS certificate. Required with listen.tls.certificate.")
    let listenLoops = TypedKey(
        "listen.loops", .number(1...64), unset: "one per core", reload: .restart,
        help: "Number of listener threads, {range}.")
    let listenMaxConnections = TypedKey(
        "listen.maxConnections", .number(1...1_000_000),
        unset: "what the file descriptor limit allows, at most 16384", reload: .restart,
        help: "Maximum number of open connections, {range}.")
    let listenMaxConnectionsPerAddress = TypedKey(
        "listen.maxConnectionsPerAddress", .number(1...1_000_000), default: "1024", reload: .restart,
        help: "Maximum number of open connections per client address, {range}. Does not apply to trusted proxies.")
    let listenTrustedProxies = TypedKey(
        "listen.trustedProxies", .list(of: .addressBlock), default: "", described: "none", reload: .restart,
        help: "Addresses or CIDR blocks of the proxies whose X-Forwarded-For header is trusted.")
    let listenProxyProtocol = TypedKey(
        "listen.proxyProtocol", .boolean, default: "false", reload: .restart,
        help: "Require a PROXY protocol version 2 header on each connection. Requires listen.trustedProxies.")

    let adminAddress = TypedKey(
        "admin.address", .address, default: "127.0.0.1:9090", reload: .restart,
        help: "Address and port of the admin server: metrics, status page and health.")
    let adminHosts = TypedKey(
        "admin.hosts", .list(of: .hostName), default: "", described: "none", reload: .live,
        help: "Host names accepted in the Host header of admin requests, in addition to IP addresses and localhost.")
    let adminAllowActions = TypedKey(
        "admin.allowActions", .boolean, default: "false", reload: .live,
        help: "Allow clients with a token of admin.token or admin.tokens to replay and drop dead letters, and to pause "
            + "and resume sending, through the admin server.")
    let adminToken = TypedKey(
        "admin.token", .token(16...1024), unset: "none", isSecret: true, reload: .live,
        help: "Bearer token required to replay or drop dead letters, to pause or to resume: {range}.")
    let adminTokens = TypedKey(
        "admin.tokens", .namedTokens(16...1024), default: "", described: "none", isSecret: true, reload: .live,
        help:
            "Further bearer tokens for the same actions, with the names of who has them: the log has the name of each "
            + "action's token. {range}")

    let storeURL = TypedKey(
        "store.url", .storeURL, default: "sqlite://defender-bridge.db", isSecret: true, reload: .restart,
        help: "URL of the store for the queue and the ledger: sqlite:///PATH or postgresql://HOST/DATABASE.")
    let storeMaxPending = TypedKey(
        "store.maxPending", .number(1...1_000_000_000), default: "200000", reload: .live,
        help: "Maximum number of queued deliveries, {range}. A full queue responds with 503, so that senders retry.")

    let deadLettersMaxCount = TypedKey(
        "deadLetters.maxCount", .number(2...10_000_000), default: "100000", reload: .live,
        help: "Maximum number of dead letters, {range}. When exceeded, the oldest are dropped.")
    // One channel may use half of it, and the largest message has 1 MiB.
    let deadLettersMaxBytes = TypedKey(
        "deadLetters.maxBytes", .size(from: "4MiB", to: "1TiB"), default: "256MiB", reload: .live,
        help: "Maximum total size of dead letters, {range}. When exceeded, the oldest are dropped.")
    let deadLettersMaxAge = TypedKey(
        "deadLetters.maxAge", .duration(from: "1h", to: "3650d"), default: "90d", reload: .live,
        help: "Retention of dead letters after their last failure, {range}.")

    let snsTopics = TypedKey(
        "sns.topics", .list(of: .topic), default: "",
        described: "none (all messages and events are rejected)", reload: .live,
        help:
            "ARNs of the SNS topics to accept messages from; * can replace the name or the account. Append =ACCOUNT if the "
            + "topic carries another account's findings, =* if it carries the audits of all sns.accounts.")
    let snsAccounts = TypedKey(
        "sns.accounts", .list(of: .account), default: "", described: "none", reload: .live,
        help: "Accounts that * represents in sns.topics.")
    let snsIgnore = TypedKey(
        "sns.ignore", .eventPatterns, default: "", described: "none", reload: .live,
        help:
            "Event patterns of messages on sns.topics that are not from Device Defender and not needed: such a message is "
            + "counted as ignored instead of being kept as a dead letter. A YAML list, or a JSON array.")
    let snsMinimumSignatureVersion = TypedKey(
        "sns.minimumSignatureVersion", .signatureVersion, default: "1", reload: .live,
        help: "Lowest SNS signature version to accept: 1 (SHA-1) or 2 (SHA-256).")
    let snsMaxMessageAge = TypedKey(
        "sns.maxMessageAge", .duration(from: "1m", to: "24h"), default: "1h",
        described: "1h, the longest time that SNS retries", reload: .live,
        help: "Maximum age of an SNS message, {range}.")
    let snsConfirm = TypedKey(
        "sns.confirm", .word("auto|off", [("auto", true), ("off", false)]), default: "auto", reload: .live,
        help: "Confirm subscriptions to sns.topics automatically (auto), or log the command that confirms them (off).")
    let snsResubscribe = TypedKey(
        "sns.resubscribe", .boolean, default: "false", reload: .live,
        help: "Re-subscribe to a topic after its subscription was deleted.")

    let eventBridgeAPIKey = TypedKey(
        "eventBridge.apiKey", .apiKeys, default: "", described: "none (API keys are rejected)", isSecret: true,
        reload: .live,
        help: "API key that EventBridge sends: random, at least 16 characters. Two keys are accepted during a rotation."
    )
    let eventBridgeAPIKeyHeader = TypedKey(
        "eventBridge.apiKeyHeader", .headerName, default: "x-api-key", reload: .live,
        help: "Name of the header field with the API key.")
    let eventBridgeBasic = TypedKey(
        "eventBridge.basic", .basicCredentials, unset: "none", isSecret: true, reload: .live,
        help: "User and password that EventBridge sends with Basic authentication.")
    let eventBridgeOAuthIssuer = TypedKey(
        "eventBridge.oauth.issuer", .text("TEXT"), unset: "none (tokens are rejected)", reload: .live,
        help: "Issuer (iss) of the OAuth tokens (JWT) that EventBridge sends.")
    let eventBridgeOAuthAudience = TypedKey(
        "eventBridge.oauth.audience", .text("TEXT"), unset: nil, reload: .live,
        help: "Audience (aud) of the OAuth tokens. Required with eventBridge.oauth.issuer.")
    let eventBridgeOAuthKeys = TypedKey(
        "eventBridge.oauth.jwksURL", .httpsURL, unset: nil, reload: .live,
        help: "HTTPS URL of the key set (JWKS) that signs the OAuth tokens. Required with eventBridge.oauth.issuer.")

    let awsRoles = TypedKey(
        "aws.roles", .roles, default: "", described: "none", reload: .restart,
        help: "IAM role to assume for each account other than the bridge's own.")
    let awsRoleName = TypedKey(
        "aws.roleName", .roleName, unset: "none", reload: .restart,
        help:
            "IAM role to assume in every other account that aws.roles does not list: its name, or its ARN with * as the "
            + "account.")
    let awsExternalID = TypedKey(
        "aws.externalId", .externalID(2...1224), unset: "none", reload: .restart,
        help: "External ID (sts:ExternalId) for assuming the roles, {range}.")
    let awsRegions = TypedKey(
        "aws.regions", .list(of: .region), default: "", described: "all Regions of sns.topics", reload: .live,
        help: "Regions to accept findings from.")

    let securityHubRequestsPerSecond = TypedKey(
        "securityHub.requestsPerSecond", .decimal(from: "0.1", to: "1000"), default: "10", reload: .live,
        help: "Rate limit of BatchImportFindings calls per second, per account and Region, {range}.")
    let securityHubBurst = TypedKey(
        "securityHub.burst", .number(1...1000), default: "30", reload: .live,
        help: "Burst of BatchImportFindings calls above the rate limit, per account and Region, {range}.")

    let checkSummaries = TypedKey(
        "mapping.checkSummaries", .boolean, default: "true", reload: .live,
        help: "Import a summary finding for each audit check.")
    let severities = TypedKey(
        "mapping.severities", .severities, default: "", described: "none", reload: .live,
        help:
            "Severity labels for PROFILE/BEHAVIOR, CHECK or a CloudWatch alarm, for example Fleet/*=HIGH. The first matching "
            + "pattern applies; * matches any text, ? any character.")
    let minimumSeverity = TypedKey(
        "mapping.minimumSeverity", .severity, unset: "none", reload: .live,
        help: "Lowest severity to import: {range}. Findings below it stay out of Security Hub, or are archived there.")
    let include = TypedKey(
        "mapping.include", .namePatterns, default: "", described: "none (all findings)", reload: .live,
        help:
            "Import only findings whose PROFILE/BEHAVIOR, CHECK, mapped source, or group in it (a CloudWatch alarm's name) "
            + "matches a pattern; * matches any text, ? any character.")
    let exclude = TypedKey(
        "mapping.exclude", .namePatterns, default: "", described: "none", reload: .live,
        help: "Do not import findings that match a pattern of the same form; takes precedence over mapping.include.")
    let productName = TypedKey(
        "mapping.productName", .text(ProductNames.length), unset: "none (Security Hub's Default)", reload: .live,
        help: "Product name (ProductName) of findings, {range}.")
    let companyName = TypedKey(
        "mapping.companyName", .text(ProductNames.length), unset: "none (Security Hub's Personal)", reload: .live,
        help: "Company name (CompanyName) of findings, {range}.")
    let userDefinedFields = TypedKey(
        "mapping.userDefinedFields", .userDefinedFields, default: "", described: "none", reload: .live,
        help:
            "User-defined fields (UserDefinedFields) of findings, for example team=plant. The value "
            + "{thing.attributes.NAME} is that attribute of the thing that an alarm of Device Defender is about.")
    // AWS keeps audits for 90 days; older ones cannot confirm a finding.
    let staleAfter = TypedKey(
        "mapping.staleAfter", .orOff(.duration(from: "1d", to: "85d")), default: "45d", reload: .live,
        help:
            "Archive audit findings and check summaries that no audit has confirmed for this time, {range}; only while "
            + "catch-up reads audits. With off, they stay active until Security Hub deletes them.")
    let catchUpInterval = TypedKey(
        "catchUp.interval", .orOff(.duration(from: "1m", to: "24h")), default: "1h", reload: .live,
        help:
            "Interval at which Device Defender is checked for missed audits and alarms, {range}; also checked at the start "
            + "and after outages. With off, never.")

    let networkConnectTo = TypedKey(
        "network.connectTo", .list(of: .connection), default: "", described: "none", reload: .restart,
        help: "Connect to ADDRESS:PORT instead of HOST:PORT, for private endpoints.")

    let logLevel = TypedKey(
        "log.level",
        .word("LEVEL", Logger.Level.allCases.map { ($0.rawValue, $0) }, synonyms: ["warn": .warning]),
        default: "info", reload: .live, help: "Lowest log level to print: {range}.")
    let logFormat = TypedKey(
        "log.format", .word("FORMAT", [("text", LogFormat.text), ("json", .json)]),
        unset: "text on a terminal, json otherwise", reload: .live, help: "Log format: {range}.")
}

extension ConfigurationKeys {
    /// The declarations.
    static let declared = ConfigurationKeys()

    /// All declarations, by reflection, so that no list of them can miss one.
    static let declarations = Mirror(reflecting: declared).children.compactMap { $0.value as? any KeyDeclaration }

    /// The descriptions of all declared keys.
    static let all = declarations.map(\.key)
}

/// A declared key of any type.
protocol KeyDeclaration: Sendable {
    var key: ConfigurationKey { get }

    /// Checks the text of a value; nil for a key that is not set.
    func check(_ text: String?) throws(ConfigurationError)
}

extension TypedKey: KeyDeclaration {
    func check(_ text: String?) throws(ConfigurationError) { _ = try read(text) }
}
