import AWSClient
import AWSCore
import Cryptography
import EventLoop
import FoundationEssentials
import Glibc
import HTTPClient
import HTTPTypes
import Logging
import SNS
import Store

/// What a bridge is made of and must close again.
struct BridgeRuntime: Sendable {
    let store: any Store
    /// The listener's certificate; nil for plain HTTP.
    let certificate: TLSCertificate?
    /// Those that AWS's hosts have their certificates from.
    let authorities: TrustStore
    /// What deliveries come in on.
    let listenLoops: [EventLoop]
    /// For the admin server, signals and the watching of files.
    let mainLoop: EventLoop
    /// For the workers and what they ask of AWS.
    let clientLoop: EventLoop
    let http: HTTPClient
    /// The clients for the accounts that findings come from.
    let accounts: AccountClients
    private let credentials: CredentialsChain
    /// SIGTERM and SIGINT, as they come.
    let signals: AsyncStream<CInt>
    /// SIGHUP, as it comes.
    let hangups: AsyncStream<Void>
    private let watchers: LoopBound<[SignalWatcher]>

    /// How long Amazon SNS may take: it waits 15 seconds for our own answer.
    private static let timeout = Duration.seconds(8)
    /// How long an issuer of tokens may take: EventBridge waits 5 seconds for our own answer.
    private static let tokenKeysTimeout = Duration.seconds(3)
    /// The longest signing certificate and the longest set of keys, in bytes.
    private static let maximumDocumentLength = 65_536

    /// - Parameters:
    ///   - report: receives each call of AWS.
    ///   - stop: called when SIGTERM or SIGINT comes, in addition to ``signals``.
    init(
        configuration: BridgeConfiguration, environment: [String: String], reloadsOnHangup: Bool,
        report: @escaping @Sendable (AWSCall) -> Void = { _ in }, stop: @escaping @Sendable () -> Void = {},
        openStore: (StoreLocation) async throws -> any Store = { try await StoreFactory.open($0, for: .serving) }
    ) async throws {
        certificate = try configuration.tls.map { files throws(ConfigurationError) in try TLSCertificate(files) }
        let settings = try Self.settings(environment)
        let authorities = try Self.authorities(environment)
        self.authorities = try Self.trustStore(authorities)
        store = try await openStore(configuration.store)
        do {
            mainLoop = try EventLoop(name: "bridge-main")
        } catch {
            await store.close()
            throw error
        }
        let (signals, continuation) = AsyncStream.makeStream(of: CInt.self)
        let (hangups, hangup) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.signals, self.hangups) = (signals, hangups)
        watchers = await Self.watchSignals(on: mainLoop, reloadsOnHangup ? hangup : nil) { signal in
            continuation.yield(signal)
            stop()
        }
        do {
            listenLoops = try await Self.loops(configuration.loops)
        } catch {
            await Self.close(mainLoop, watchers)
            await store.close()
            throw error
        }
        do {
            clientLoop = try EventLoop(name: "bridge-aws")
        } catch {
            await Self.close(listenLoops)
            await Self.close(mainLoop, watchers)
            await store.close()
            throw error
        }
        do {
            http = try await HTTPClient(loop: clientLoop, configuration: Self.client(configuration, authorities))
        } catch {
            await clientLoop.shutdown()
            await Self.close(listenLoops)
            await Self.close(mainLoop, watchers)
            await store.close()
            throw ConfigurationError("network.connectTo", "\(error)")
        }
        (accounts, credentials) = Self.accounts(
            configuration, settings, http: http, loop: clientLoop, report: report)
    }

    /// AWS's own settings.
    static func settings(_ environment: [String: String]) throws(ConfigurationError) -> AWSSettings {
        do throws(AWSSettings.SettingError) {
            return try AWSSettings(environment: environment)
        } catch {
            throw ConfigurationError(error.place, error.description)
        }
    }

    static func accounts(
        _ configuration: BridgeConfiguration, _ settings: AWSSettings, http: HTTPClient, loop: EventLoop,
        report: @escaping @Sendable (AWSCall) -> Void = { _ in }
    ) -> (AccountClients, CredentialsChain) {
        // What has no Region of its own asks the AWS STS of the first one that findings come from.
        guard
            let region = settings.region ?? configuration.topics.accountRegions.map(\.region).min()
                ?? Region("us-east-1")
        else { preconditionFailure("us-east-1 is a Region") }
        let sessionName = AWSSettings.sessionName(hostName: hostName)
        let pacer = Pacer(imports: configuration.importRate)
        let client = AWSClient(
            http: http, credentials: NoCredentials(), endpoints: settings.endpoints, loop: loop, pacer: pacer
        ).reporting(to: report)
        let credentials = CredentialsChain(
            settings: settings, client: client, transport: http, loop: loop, region: region, sessionName: sessionName)
        let accounts = AccountClients(
            client: client, credentials: credentials, roles: configuration.roles, region: region,
            sessionName: sessionName)
        return (accounts, credentials)
    }

    /// Closes everything; nothing may be under way any more.
    func close() async {
        await accounts.close()
        await credentials.close()
        await http.shutdown()
        await store.close()
        await clientLoop.shutdown()
        await Self.close(listenLoops)
        await Self.close(mainLoop, watchers)
    }

    /// Whether this machine's clock is trusted.
    ///
    /// - Parameter isChecked: whether it is compared with what the store knows.
    func clockTrust(isChecked: Bool, _ logger: Logger) -> ClockTrust {
        let clock = accounts.own.clock
        return ClockTrust(
            now: clock.now, serviceNow: { clock.serviceNow }, isChecked: isChecked, logger: logger)
    }

    /// The loops, by what they do.
    var loops: [(name: ProcessMetrics.Loop, loop: EventLoop)] {
        [(.main, mainLoop), (.aws, clientLoop)] + listenLoops.map { (.listen, $0) }
    }

    private static func loops(_ count: Int) async throws -> [EventLoop] {
        var loops: [EventLoop] = []
        do {
            for number in 1...count { loops.append(try EventLoop(name: "bridge-listen-\(number)")) }
        } catch {
            await close(loops)
            throw error
        }
        return loops
    }

    private static func close(_ loops: [EventLoop]) async {
        for loop in loops { await loop.shutdown() }
    }

    private static func watchSignals(
        on loop: EventLoop, _ hangup: AsyncStream<Void>.Continuation?, stop: @escaping @Sendable (CInt) -> Void
    ) async -> LoopBound<[SignalWatcher]> {
        await loop.run {
            var watchers = [SIGTERM, SIGINT].compactMap { signal in
                try? SignalWatcher(signal, on: loop) { stop(signal) }
            }
            if let hangup, let watcher = try? SignalWatcher(SIGHUP, on: loop, receive: { hangup.yield() }) {
                watchers.append(watcher)
            }
            return LoopBound(watchers, loop: loop)
        }
    }

    private static func close(_ loop: EventLoop, _ watchers: LoopBound<[SignalWatcher]>) async {
        await loop.run { for watcher in watchers.value { watcher.close() } }
        await loop.shutdown()
    }

    /// The file with the authorities that AWS's hosts have their certificates from, or nil for the system's.
    static func authorities(_ environment: [String: String]) throws(ConfigurationError) -> String? {
        guard let path = environment["AWS_CA_BUNDLE"], !path.isEmpty else { return nil }
        // libcurl reads it with each connection; that it cannot is better known at once.
        _ = try ConfigurationFile.read(path, key: "AWS_CA_BUNDLE")
        return path
    }

    private static func trustStore(_ authorities: String?) throws(ConfigurationError) -> TrustStore {
        do throws(CryptographyError) {
            return try TrustStore(file: authorities)
        } catch {
            throw ConfigurationError("AWS_CA_BUNDLE", "\(error); name a file of PEM certificates, or unset it")
        }
    }

    static func client(
        _ configuration: BridgeConfiguration, _ authorities: String?
    ) -> HTTPClient.Configuration {
        var client = HTTPClient.Configuration()
        client.connectTo = configuration.connectTo
        client.certificateAuthorities = authorities
        client.userAgent = "defender-bridge/\(Bridge.version)"
        return client
    }

    // MARK: Amazon SNS

    /// Fetches a signing certificate.
    var fetchCertificate: SigningCertificateCache.Fetch { fetch(within: Self.timeout) }

    /// Fetches the keys that tokens are signed with.
    var fetchTokenKeys: SigningCertificateCache.Fetch { fetch(within: Self.tokenKeysTimeout) }

    private func fetch(within timeout: Duration) -> SigningCertificateCache.Fetch {
        { [http] url async throws(SigningCertificateCache.FetchError) in
            let answer: (response: HTTPResponse, body: [UInt8])
            do throws(HTTPClientError) {
                answer = try await http.send(Self.get(url), timeout: timeout)
            } catch {
                throw .unreachable("\(error)")
            }
            guard answer.response.status.code == 200 else { throw .status(answer.response.status.code) }
            guard answer.body.count <= Self.maximumDocumentLength else { throw .tooLarge }
            return answer.body
        }
    }

    /// Asks a URL that confirms a subscription.
    var confirmSubscription: @Sendable (_ url: String) async throws -> Int {
        { [http] url in try await http.send(Self.get(url), timeout: Self.timeout).response.status.code }
    }

    private static func get(_ url: String) -> HTTPRequest {
        let rest = url.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" }
        return HTTPRequest(
            method: .get, scheme: "https", authority: String(authority), path: String(rest.dropFirst(authority.count)))
    }

    /// The machine's name, for people who read who holds a lease.
    static var hostName: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension BridgeConfiguration {
    /// How often findings are imported, for each account and Region.
    var importRate: Pacer.ImportRate { Pacer.ImportRate(rate: importsPerSecond, burst: importBurst) }
}
