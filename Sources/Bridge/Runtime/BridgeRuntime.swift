import AWSClient
import AWSCore
import Cryptography
import Encoding
import EventLoop
import FoundationEssentials
import Glibc
import HTTPClient
import HTTPTypes
import Logging
import Processing
import SNS
import Store

/// The store, event loops, HTTP clients and AWS clients of a bridge. Must be closed.
struct BridgeRuntime: Sendable {
    let store: any Store
    /// The listener's certificate; nil for plain HTTP.
    let certificate: TLSCertificate?
    /// The certificate authorities of AWS's hosts.
    let authorities: TrustStore
    /// The event loops of the listener.
    let listenLoops: [EventLoop]
    /// The event loop of the admin server, signals and file watchers.
    let mainLoop: EventLoop
    /// The event loops of account-Regions. The first also fetches certificates, token keys and credentials.
    let clientLoops: [ClientLoop]
    /// The AWS clients by account-Region.
    let accounts: AccountClients
    /// SIGTERM and SIGINT, as they arrive.
    let signals: AsyncStream<CInt>
    /// SIGHUP, as it arrives.
    let hangups: AsyncStream<Void>
    private let cleanup: CleanupStack

    /// The timeout of requests to Amazon SNS, which waits 15 seconds for the bridge's response.
    private static let timeout = Duration.seconds(8)
    /// The timeout of requests for token keys: EventBridge waits 5 seconds for the bridge's response.
    private static let tokenKeysTimeout = Duration.seconds(3)
    /// The largest accepted signing certificate and key set, in bytes.
    private static let maximumDocumentLength = 65_536

    /// Opens everything, in this order: certificate, store, event loops, HTTP clients.
    ///
    /// - Parameters:
    ///   - report: called with each AWS call.
    ///   - stop: called when SIGTERM or SIGINT arrives, in addition to ``signals``.
    init(
        configuration: BridgeConfiguration, environment: [String: String], reloadsOnHangup: Bool,
        report: @escaping @Sendable (AWSCall) -> Void = { _ in }, stop: @escaping @Sendable () -> Void = {},
        openStore: (StoreLocation) async throws -> any Store = { try await StoreFactory.open($0, for: .serving) }
    ) async throws {
        certificate = try configuration.tls.map { files throws(ConfigurationError) in try TLSCertificate(files) }
        let settings = try Self.settings(environment)
        let authorities = try Self.authorities(environment)
        self.authorities = try Self.trustStore(authorities)
        let (signals, continuation) = AsyncStream.makeStream(of: CInt.self)
        let (hangups, hangup) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        (self.signals, self.hangups) = (signals, hangups)
        var cleanup = CleanupStack()
        do {
            let store = try await openStore(configuration.store)
            cleanup.add { await store.close() }
            let mainLoop = try EventLoop(name: "bridge-main")
            cleanup.add { await mainLoop.shutdown() }
            let watchers = await Self.watchSignals(on: mainLoop, reloadsOnHangup ? hangup : nil) { signal in
                continuation.yield(signal)
                stop()
            }
            cleanup.add { await mainLoop.run { for watcher in watchers.value { watcher.close() } } }
            var listenLoops: [EventLoop] = []
            for number in 1...configuration.loops {
                let loop = try EventLoop(name: "bridge-listen-\(number)")
                cleanup.add { await loop.shutdown() }
                listenLoops.append(loop)
            }
            var clientLoops: [ClientLoop] = []
            for number in 1...ClientLoop.standardCount {
                let loop = try await ClientLoop(
                    number: number, of: ClientLoop.standardCount, Self.client(configuration, authorities))
                cleanup.add { await loop.close() }
                clientLoops.append(loop)
            }
            let (accounts, credentials) = Self.accounts(configuration, settings, on: clientLoops, report: report)
            cleanup.add { await credentials.close() }
            cleanup.add { await accounts.close() }
            (self.store, self.mainLoop, self.listenLoops) = (store, mainLoop, listenLoops)
            (self.clientLoops, self.accounts, self.cleanup) = (clientLoops, accounts, cleanup)
        } catch {
            await cleanup.run()
            throw error
        }
    }

    /// Reads AWS's own settings from the environment and AWS's files.
    static func settings(_ environment: [String: String]) throws(ConfigurationError) -> AWSSettings {
        do throws(AWSSettings.SettingError) {
            return try AWSSettings(environment: environment)
        } catch {
            throw ConfigurationError(error.place, error.description)
        }
    }

    static func accounts(
        _ configuration: BridgeConfiguration, _ settings: AWSSettings, on loops: [ClientLoop],
        report: @escaping @Sendable (AWSCall) -> Void = { _ in }
    ) -> (AccountClients, CredentialsChain) {
        // Without a Region of its own, the bridge uses the AWS STS endpoint of the first configured one.
        guard
            let region = settings.region ?? configuration.topics.accountRegions.map(\.region).min()
                ?? Region("us-east-1")
        else { preconditionFailure("us-east-1 is a Region") }
        let sessionName = AWSSettings.sessionName(hostName: hostName)
        let pacer = Pacer(imports: configuration.importRate)
        let first = loops[0]
        let client = AWSClient(
            http: first.http, credentials: NoCredentials(), endpoints: settings.endpoints, loop: first.loop,
            pacer: pacer
        ).reporting(to: report)
        let credentials = CredentialsChain(
            settings: settings, client: client, transport: first.http, loop: first.loop, region: region,
            sessionName: sessionName)
        let accounts = AccountClients(
            clients: loops.map { client.on($0.loop, sendingBy: $0.http) }, credentials: credentials,
            roles: configuration.roles, region: region,
            sessionName: sessionName)
        return (accounts, credentials)
    }

    /// Closes everything. No operation may be in progress.
    func close() async {
        var cleanup = cleanup
        await cleanup.run()
    }

    /// Decides whether this machine's clock is trusted.
    ///
    /// - Parameter isChecked: whether it is compared with times in the store.
    func clockTrust(isChecked: Bool, _ logger: Logger) -> ClockTrust {
        let clock = accounts.own.clock
        return ClockTrust(
            now: clock.now, serviceNow: { clock.serviceNow }, isChecked: isChecked, logger: logger)
    }

    /// All event loops with their names.
    var loops: [(name: ProcessMetrics.Loop, loop: EventLoop)] {
        [(.main, mainLoop)] + clientLoops.map { (.aws, $0.loop) } + listenLoops.map { (.listen, $0) }
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

    /// The file of certificate authorities for AWS's hosts (`AWS_CA_BUNDLE`); nil for the system's.
    static func authorities(_ environment: [String: String]) throws(ConfigurationError) -> String? {
        guard let path = environment["AWS_CA_BUNDLE"], !path.isEmpty else { return nil }
        // libcurl reads it for each connection. An unreadable file must fail the start instead.
        _ = try ConfigurationFile.read(path, key: "AWS_CA_BUNDLE")
        return path
    }

    static func trustStore(_ authorities: String?) throws(ConfigurationError) -> TrustStore {
        do throws(CryptographyError) {
            return try TrustStore(file: authorities)
        } catch {
            throw ConfigurationError("AWS_CA_BUNDLE", "\(error). Set it to a file of PEM certificates, or unset it.")
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

    /// Fetches signing certificates.
    var fetchCertificate: SigningCertificateCache.Fetch { fetch(within: Self.timeout) }

    /// Fetches the keys that tokens are signed with.
    var fetchTokenKeys: SigningCertificateCache.Fetch { fetch(within: Self.tokenKeysTimeout) }

    private func fetch(within timeout: Duration) -> SigningCertificateCache.Fetch {
        { [http = clientLoops[0].http] url async throws(SigningCertificateCache.FetchError) in
            let result: (response: HTTPResponse, body: [UInt8])
            do throws(HTTPClientError) {
                result = try await http.send(Self.get(url), timeout: timeout)
            } catch {
                throw .unreachable("\(error)")
            }
            guard result.response.status.code == 200 else { throw .status(result.response.status.code) }
            guard result.body.count <= Self.maximumDocumentLength else { throw .tooLarge }
            return result.body
        }
    }

    /// Requests the URL that confirms a subscription; returns the status code.
    var confirmSubscription: @Sendable (_ url: String) async throws -> Int {
        { [http = clientLoops[0].http] url in
            try await http.send(Self.get(url), timeout: Self.timeout).response.status.code
        }
    }

    private static func get(_ url: String) -> HTTPRequest {
        let rest = url.dropFirst("https://".count)
        let authority = rest.prefix { $0 != "/" }
        return HTTPRequest(
            method: .get, scheme: "https", authority: String(authority), path: String(rest.dropFirst(authority.count)))
    }

    /// The name of this process, which identifies the owner of a lease.
    static var leaseOwner: String { "\(hostName):\(getpid())" }

    /// The host name of this machine.
    static var hostName: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension BridgeConfiguration {
    /// The rate limit of imports per account and Region.
    var importRate: Pacer.ImportRate { Pacer.ImportRate(rate: importsPerSecond, burst: importBurst) }
}
