/// A key of the configuration, and what may be said about it.
public struct ConfigurationKey: Sendable, Hashable {
    /// The key as the file has it, for example `listen.address`.
    public let name: String
    /// What the value looks like, for help texts, for example `HOST:PORT`.
    public let placeholder: String
    /// What the value means and what counts without it, in one sentence.
    public let help: String
    /// Whether the value must not be shown. A secret can also be given as a file, by the key with `File` appended.
    public let isSecret: Bool

    private init(_ name: String, _ placeholder: String, _ help: String, isSecret: Bool = false) {
        self.name = name
        self.placeholder = placeholder
        self.help = help
        self.isSecret = isSecret
    }

    /// The environment variable, for example `BRIDGE_LISTEN_ADDRESS`.
    public var environmentVariable: String { "BRIDGE_" + words.joined(separator: "_").uppercased() }

    /// The parts of the name, cut at dots and between a small and a capital letter.
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
    static let listenAddress = Self(
        "listen.address", "HOST:PORT", "Where SNS and EventBridge deliver to. Default 127.0.0.1:8080.")
    static let listenCertificate = Self(
        "listen.tls.certificate", "FILE", "PEM file of the certificate with its chain. Default: none, plain HTTP.")
    static let listenPrivateKey = Self(
        "listen.tls.privateKey", "FILE", "PEM file of the certificate's private key.")
    static let listenLoops = Self(
        "listen.loops", "NUMBER", "How many threads answer deliveries. Default: one for each core.")
    static let listenMaxConnections = Self(
        "listen.maxConnections", "NUMBER",
        "How many connections there may be. Default: what the limit of file descriptors allows, at most 16384.")
    static let listenMaxConnectionsPerAddress = Self(
        "listen.maxConnectionsPerAddress", "NUMBER",
        "How many connections one address may have, trusted proxies aside. Default 1024.")
    static let listenTrustedProxies = Self(
        "listen.trustedProxies", "ADDRESS/BITS,…", "The proxies whose X-Forwarded-For is believed. Default: none.")
    static let listenProxyProtocol = Self(
        "listen.proxyProtocol", "BOOLEAN",
        "Whether each connection comes from a trusted proxy and begins with a PROXY header, version 2. Default false.")
    static let adminAddress = Self(
        "admin.address", "HOST:PORT", "Where metrics and status are asked for. Default 127.0.0.1:9090.")
    static let adminHosts = Self(
        "admin.hosts", "NAME,…",
        "The names that the admin address may be asked by, beside addresses and localhost. Default: none.")
    static let adminAllowActions = Self(
        "admin.allowActions", "BOOLEAN",
        "Whether dead letters may be replayed and dropped on the status page, with admin.token. Default false.")
    static let adminToken = Self(
        "admin.token", "TOKEN", "What lets somebody do so: 16 characters or more. Default: none.", isSecret: true)
    static let storeURL = Self(
        "store.url", "URL", "Where the queue and the ledger are kept. Default sqlite://defender-bridge.db.",
        isSecret: true)
    static let storeMaxPending = Self(
        "store.maxPending", "NUMBER", "How many deliveries may be in the queue; more are put off. Default 200000.")
    static let deadLettersMaxCount = Self(
        "deadLetters.maxCount", "NUMBER",
        "Most dead letters kept, from 2 to 10000000; beyond, the oldest are dropped. Default 100000.")
    static let deadLettersMaxBytes = Self(
        "deadLetters.maxBytes", "BYTES",
        "Most bytes of dead letters kept, from 4MiB to 1TiB; beyond, the oldest are dropped. Default 256MiB.")
    static let deadLettersMaxAge = Self(
        "deadLetters.maxAge", "DURATION",
        "How long dead letters are kept after their last failure, from 1h to 3650d; then they are dropped. Default 90d."
    )
    static let snsTopics = Self(
        "sns.topics", "ARN,…",
        "The topics that may deliver; * may stand for the name or the account, and =account behind one says whose findings "
            + "it carries, =* that it carries the audits of all accounts of sns.accounts. Default: none, every topic is "
            + "refused.")
    static let snsAccounts = Self(
        "sns.accounts", "ACCOUNT,…", "Accounts that * represents in sns.topics. Default: none.")
    static let snsMinimumSignatureVersion = Self(
        "sns.minimumSignatureVersion", "1|2", "The lowest version of SNS's signatures that is taken. Default 1.")
    static let snsMaxMessageAge = Self(
        "sns.maxMessageAge", "DURATION", "How old a message may be. Default 1h: SNS retries no longer.")
    static let snsConfirm = Self(
        "sns.confirm", "auto|off",
        "Whether subscriptions to sns.topics are confirmed; off logs the command for you to run. Default auto.")
    static let snsResubscribe = Self(
        "sns.resubscribe", "BOOLEAN", "Whether a subscription that somebody ended is taken back. Default false.")
    static let eventBridgeAPIKey = Self(
        "eventBridge.apiKey", "KEY[,KEY]",
        "The key that EventBridge sends, or two that count while one replaces the other: random, at least 16 characters. "
            + "Default: none.", isSecret: true)
    static let eventBridgeAPIKeyHeader = Self(
        "eventBridge.apiKeyHeader", "NAME", "The header field that carries the key. Default x-api-key.")
    static let eventBridgeBasic = Self(
        "eventBridge.basic", "USER:PASSWORD", "What EventBridge sends by Basic authentication. Default: none.",
        isSecret: true)
    static let eventBridgeOAuthIssuer = Self(
        "eventBridge.oauth.issuer", "TEXT", "Who issues the tokens (JWT) that EventBridge sends. Default: none.")
    static let eventBridgeOAuthAudience = Self(
        "eventBridge.oauth.audience", "TEXT", "Whom these tokens are for.")
    static let eventBridgeOAuthKeys = Self(
        "eventBridge.oauth.jwksURL", "URL", "Where the keys are that these tokens are signed with.")
    static let securityHubRequestsPerSecond = Self(
        "securityHub.requestsPerSecond", "NUMBER", "Imports a second for each account and Region. Default 10.")
    static let securityHubBurst = Self(
        "securityHub.burst", "NUMBER", "Imports at once after a pause, for each account and Region. Default 30.")
    static let checkSummaries = Self(
        "mapping.checkSummaries", "BOOLEAN", "Whether each check of an audit gets a finding of its own. Default true.")
    static let severities = Self(
        "mapping.severities", "PATTERN=LABEL,…",
        "Severities for profile/behavior or check; the first pattern that matches counts, * and ? stand for any text and "
            + "any character. Default: none.")
    static let staleAfter = Self(
        "mapping.staleAfter", "DURATION|off",
        "How long an audit finding or check summary stays active that no audit confirms any more; counted only while catch-up "
            + "reads audits. Default 45d; off: until Security Hub has it no more.")
    static let networkConnectTo = Self(
        "network.connectTo", "HOST:PORT:ADDRESS:PORT,…",
        "Where to connect to instead, for private endpoints. Default: none.")
    static let catchUpInterval = Self(
        "catchUp.interval", "DURATION|off",
        "How often Device Defender is asked for what no delivery told of, beside the start and after gaps. Default 1h."
    )
    static let awsRoles = Self(
        "aws.roles", "ACCOUNT=ARN,…", "The role to assume for each further account. Default: none.")
    static let awsRoleName = Self(
        "aws.roleName", "NAME|ARN",
        "The role to assume in every other account that aws.roles does not name, for a whole organization: its name, or its "
            + "ARN with * for the account. Default: none.")
    static let awsExternalID = Self(
        "aws.externalId", "TEXT", "What the trust policies of the roles ask for as sts:ExternalId. Default: none.")
    static let awsRegions = Self(
        "aws.regions", "REGION,…", "The only Regions whose findings are taken. Default: those of sns.topics.")
    static let logLevel = Self("log.level", "LEVEL", "trace, debug, info, notice, warning, error. Default info.")
    static let logFormat = Self("log.format", "FORMAT", "text or json. Default: text on a terminal, else json.")

    /// All keys, in the order of the documentation.
    public static let all: [ConfigurationKey] = [
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

    /// All names that a value may be given under: the keys', and for secrets those of their files.
    public static let names = Set(all.flatMap { $0.isSecret ? [$0.name, $0.name + "File"] : [$0.name] })
}
