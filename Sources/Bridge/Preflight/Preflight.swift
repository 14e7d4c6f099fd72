import AWSClient
import AWSCore
import Encoding
import HTTPClient
import HTTPTypes
import PostgreSQLStore
import SNS
import Store
import Synchronization

/// Checks the configuration, this machine and AWS before the bridge is used, without changing anything.
package struct Preflight: Sendable {
    private let configuration: BridgeConfiguration
    private let report: @Sendable (PreflightCheck) -> Void

    /// - Parameter report: called with each check when it is complete.
    package init(_ configuration: BridgeConfiguration, report: @escaping @Sendable (PreflightCheck) -> Void) {
        self.configuration = configuration
        self.report = report
    }

    /// Runs all checks.
    ///
    /// - Parameters:
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - endpoint: the URL subscribed to the topics; nil for any subscribed URL that ends in `/sns`.
    ///   - report: called with each check when it is complete.
    /// - Returns: whether no check failed.
    package static func run(
        configuration: BridgeConfiguration, environment: [String: String], endpoint: String? = nil,
        report: @escaping @Sendable (PreflightCheck) -> Void
    ) async -> Bool {
        let recorder = FailureRecorder(report)
        let preflight = Preflight(configuration) { recorder.add($0) }
        recorder.add(PreflightCheck("configuration", "", .passed, "all values are valid"))
        // Missing topics are reported as a failure below.
        for warning in configuration.warnings where warning.key != ConfigurationKeys.declared.snsTopics.key.name {
            recorder.add(
                PreflightCheck(
                    "configuration", warning.key, .warning, warning.problem, remediation: warning.remediation))
        }
        await preflight.checkStore()
        for source in configuration.sources {
            SourcePreflight(source: source, acceptsEventBridge: configuration.acceptsEventBridge) { recorder.add($0) }
                .run()
        }
        let certificate = CertificatePreflight(configuration.tls) { recorder.add($0) }
        certificate.run()
        do throws(ConfigurationError) {
            let runtime = try await AWSRuntime(configuration: configuration, environment: environment)
            let endpoints = await preflight.checkAWS(runtime, endpoint: endpoint)
            await runtime.close()
            certificate.checkNames(of: endpoint.map { [$0] } ?? endpoints)
        } catch {
            recorder.add(
                PreflightCheck("AWS settings", error.key, .failed, error.problem, remediation: "correct the setting"))
        }
        return !recorder.hasFailed
    }

    // MARK: This machine

    /// Checks the store without creating it: the service could not open a store that root created.
    private func checkStore() async {
        do throws(StoreError) {
            if try configuration.store.isAbsentFile() {
                passStore("does not exist yet; the bridge creates it at the start")
                return
            }
            try await checkExistingStore()
        } catch  where error.code == .outdated {
            await checkMigration()
        } catch {
            failStore(error)
        }
    }

    private func checkExistingStore() async throws(StoreError) {
        let store = try await StoreFactory.store(configuration.store, .maintenance)
        try await withCleanup { () async throws(StoreError) in
            try await store.checkRights()
        } cleanup: { () async throws(StoreError) in
            await store.close()
        }
        passStore("accepts writes")
    }

    private func checkMigration() async {
        do throws(StoreError) {
            if case .postgresql(let address) = configuration.store {
                try await PostgreSQLStore.dryRunMigration(address)
            }
            passStore(
                "tables are missing or of an earlier version; the bridge migrates them at the start"
            )
        } catch {
            failStore(error)
        }
    }

    private func passStore(_ detail: String) { report(PreflightCheck("store", "", .passed, detail)) }

    private func failStore(_ error: StoreError) {
        let remediation =
            switch (error.code, configuration.store) {
            case (.unavailable, .postgresql): "resolve the error above, and check the database's log"
            case (.unsupported, .postgresql): "change store.url, the database or the connection pooler"
            case (.unavailable, .sqlite): "free disk space, or make the bridge's user the owner of the folder"
            case (.inUse, _): "stop the other process that uses the store"
            default: "set store.url to a path that the bridge's user can write to"
            }
        report(PreflightCheck("store", "", .failed, error.message, remediation: remediation))
    }

    // MARK: AWS

    /// - Returns: the subscribed URLs of the bridge.
    private func checkAWS(_ runtime: AWSRuntime, endpoint: String?) async -> Set<String> {
        await checkClock(runtime)
        do throws(AWSError) {
            let caller = try await runtime.accounts.identity()
            report(PreflightCheck("credentials", "", .passed, "valid for \(caller.arn)"))
        } catch {
            report(
                PreflightCheck(
                    "credentials", "", .failed, error.description,
                    remediation: "provide credentials in one of the ways that AWS SDKs support"))
            return []
        }
        let ownAccountRegions = configuration.topics.accountRegions
        if ownAccountRegions.isEmpty, configuration.sources.isEmpty {
            report(
                PreflightCheck(
                    "topics", "", .failed, "sns.topics is empty, so every message and event is rejected",
                    remediation: "set sns.topics to the topics that Device Defender publishes to"))
        }
        for accountRegion in configuration.accountRegions.sorted() {
            let check = AccountPreflight(
                accountRegion: accountRegion, client: runtime.accounts.client(for: accountRegion),
                lacksRole: await runtime.accounts.lacksRole(for: accountRegion), configuration: configuration,
                usesDeviceDefender: ownAccountRegions.contains(accountRegion), report: report)
            await check.run()
        }
        let policies = [(configuration.topics, false)] + configuration.sources.map { ($0.topics, true) }
        for pattern in policies.flatMap(\.0.patterns) where pattern.isForAnyName {
            report(
                PreflightCheck(
                    "subscription", pattern.description, .skipped,
                    "entry matches any topic name; the bridge does not list topics"))
        }
        var endpoints: Set<String> = []
        for (topics, isOfSource) in policies {
            for topic in topics.namedTopics {
                let check = TopicPreflight(
                    topic: topic, isOfSource: isOfSource, client: runtime.accounts.client(for: topic.accountRegion),
                    endpoint: endpoint, minimumVersion: configuration.minimumSignatureVersion, report: report)
                if let found = await check.run() { endpoints.insert(found) }
            }
        }
        return endpoints
    }

    /// The accepted clock skew: AWS accepts signatures for five minutes, and messages are rejected by age.
    private static let clockTolerance = Duration.seconds(60)

    private func checkClock(_ runtime: AWSRuntime) async {
        do throws(HTTPClientError) {
            let response = try await runtime.requestSTS()
            guard let date = response.headerFields[.date].flatMap({ Timestamp(httpDate: $0) }) else {
                report(PreflightCheck("clock", "", .skipped, "the response of AWS STS has no date"))
                return
            }
            let difference = (date - WallClock.now()).magnitude
            report(
                difference < Self.clockTolerance
                    ? PreflightCheck("clock", "", .passed, "within 60s of AWS")
                    : PreflightCheck(
                        "clock", "", .failed, "differs from AWS by \(difference.components.seconds)s",
                        remediation: "synchronize the clock of this machine with NTP"))
        } catch {
            report(
                PreflightCheck(
                    "clock", "", .failed, error.description,
                    remediation: "give the bridge access to AWS STS, through a proxy (HTTPS_PROXY) or a VPC endpoint")
            )
        }
    }
}

/// Passes checks on, and remembers whether one failed.
private final class FailureRecorder: Sendable {
    private let failed = Mutex(false)
    private let report: @Sendable (PreflightCheck) -> Void

    init(_ report: @escaping @Sendable (PreflightCheck) -> Void) { self.report = report }

    var hasFailed: Bool { failed.withLock { $0 } }

    func add(_ check: PreflightCheck) {
        if check.outcome == .failed { failed.withLock { $0 = true } }
        report(check)
    }
}
