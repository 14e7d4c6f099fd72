import AWSClient
import AWSCore
import HTTPClient
import HTTPTypes
import SNS
import Store
import Synchronization

/// Tries everything that the bridge needs, without changing anything.
public struct Preflight: Sendable {
    private let configuration: BridgeConfiguration
    private let report: @Sendable (PreflightCheck) -> Void

    /// - Parameter report: hears of each check as it ends.
    init(_ configuration: BridgeConfiguration, report: @escaping @Sendable (PreflightCheck) -> Void) {
        self.configuration = configuration
        self.report = report
    }

    /// Tries everything.
    ///
    /// - Parameters:
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - endpoint: the URL that the topics deliver to; nil to take any subscription that ends in `/sns` for ours.
    ///   - report: hears of each check as it ends.
    /// - Returns: whether nothing failed.
    public static func run(
        configuration: BridgeConfiguration, environment: [String: String], endpoint: String? = nil,
        report: @escaping @Sendable (PreflightCheck) -> Void
    ) async -> Bool {
        let tally = Tally(report)
        let preflight = Preflight(configuration) { tally.add($0) }
        tally.add(PreflightCheck("configuration", "", .passed, "every value can be used"))
        // That there are no topics is a failure of its own.
        for warning in configuration.warnings where warning.key != ConfigurationKey.snsTopics.name {
            tally.add(
                PreflightCheck(
                    "configuration", warning.key, .warning, warning.problem, remediation: warning.remediation))
        }
        await preflight.checkStore()
        let certificate = CertificatePreflight(configuration.tls) { tally.add($0) }
        certificate.run()
        do throws(ConfigurationError) {
            let runtime = try await AWSRuntime(configuration: configuration, environment: environment)
            let endpoints = await preflight.checkAWS(runtime, endpoint: endpoint)
            await runtime.close()
            certificate.checkNames(of: endpoint.map { [$0] } ?? endpoints)
        } catch {
            tally.add(
                PreflightCheck("AWS settings", error.key, .failed, error.problem, remediation: "mend the setting"))
        }
        return !tally.hasFailed
    }

    // MARK: This machine

    /// Creates nothing: a store that a command creates as root is one that the service cannot open.
    private func checkStore() async {
        do throws(StoreError) {
            if try configuration.store.isAbsentFile() {
                passStore("it does not exist yet. The bridge creates it when it starts")
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
        let result: Result<Void, StoreError>
        do throws(StoreError) { result = .success(try await store.checkRights()) } catch { result = .failure(error) }
        await store.close()
        try result.get()
        passStore("it takes writes")
    }

    private func checkMigration() async {
        do throws(StoreError) {
            if case .postgresql(let address) = configuration.store {
                try await PostgreSQLStore.dryRunMigration(address)
            }
            passStore(
                "its tables do not exist or are of an earlier version. The bridge brings them up to date when it starts"
            )
        } catch {
            failStore(error)
        }
    }

    private func passStore(_ detail: String) { report(PreflightCheck("store", "", .passed, detail)) }

    private func failStore(_ error: StoreError) {
        let remediation =
            switch (error.code, configuration.store) {
            case (.unavailable, .postgresql): "change what the message names, and see the database's log"
            case (.unsupported, .postgresql): "change store.url, the database or the pooler as the message says"
            case (.unavailable, .sqlite): "free space, or give the folder to the bridge's user"
            case (.inUse, _): "stop the other process that uses the store"
            default: "set store.url to a place that the bridge's user can write to"
            }
        report(PreflightCheck("store", "", .failed, error.message, remediation: remediation))
    }

    // MARK: AWS

    /// - Returns: the URLs of the bridge to which the topics deliver.
    private func checkAWS(_ runtime: AWSRuntime, endpoint: String?) async -> Set<String> {
        await checkClock(runtime)
        do throws(AWSError) {
            let caller = try await runtime.accounts.identity()
            report(PreflightCheck("credentials", "", .passed, "AWS knows them as \(caller.arn)"))
        } catch {
            report(
                PreflightCheck(
                    "credentials", "", .failed, error.description,
                    remediation: "give the bridge credentials, in one of the ways of AWS's SDKs"))
            return []
        }
        let accountRegions = configuration.topics.accountRegions.sorted()
        if accountRegions.isEmpty {
            report(
                PreflightCheck(
                    "topics", "", .failed, "sns.topics is empty, so every delivery is refused",
                    remediation: "name the topics that Device Defender publishes to"))
        }
        for accountRegion in accountRegions {
            let check = AccountPreflight(
                accountRegion: accountRegion, client: runtime.accounts.client(for: accountRegion),
                lacksRole: await runtime.accounts.lacksRole(for: accountRegion), configuration: configuration,
                report: report)
            await check.run()
        }
        for pattern in configuration.topics.patterns where pattern.isForAnyName {
            report(
                PreflightCheck(
                    "subscription", pattern.description, .skipped, "the entry is about any topic; nothing says which"))
        }
        var endpoints: Set<String> = []
        for topic in configuration.topics.namedTopics {
            let check = TopicPreflight(
                topic: topic, client: runtime.accounts.client(for: topic.accountRegion), endpoint: endpoint,
                minimumVersion: configuration.minimumSignatureVersion, report: report)
            if let found = await check.run() { endpoints.insert(found) }
        }
        return endpoints
    }

    /// How far the clock may be off: signatures are good for five minutes, and messages are judged by their age.
    private static let clockTolerance: Int64 = 60_000

    private func checkClock(_ runtime: AWSRuntime) async {
        do throws(HTTPClientError) {
            let response = try await runtime.requestSTS()
            guard let date = response.headerFields[.date].flatMap(AWSDate.milliseconds) else {
                report(PreflightCheck("clock", "", .skipped, "AWS STS did not tell the time"))
                return
            }
            let difference = date.saturatingDistance(to: Bridge.now())
            report(
                difference < Self.clockTolerance
                    ? PreflightCheck("clock", "", .passed, "it is that of AWS within a minute")
                    : PreflightCheck(
                        "clock", "", .failed, "it differs from AWS's by \(difference / 1000) seconds",
                        remediation: "let this machine set its clock by NTP"))
        } catch {
            report(
                PreflightCheck(
                    "clock", "", .failed, error.description,
                    remediation: "let the bridge reach AWS STS, by a proxy (HTTPS_PROXY) or an endpoint of the network")
            )
        }
    }
}

/// Whether anything failed.
private final class Tally: Sendable {
    private let failed = Mutex(false)
    private let report: @Sendable (PreflightCheck) -> Void

    init(_ report: @escaping @Sendable (PreflightCheck) -> Void) { self.report = report }

    var hasFailed: Bool { failed.withLock { $0 } }

    func add(_ check: PreflightCheck) {
        if check.outcome == .failed { failed.withLock { $0 = true } }
        report(check)
    }
}
