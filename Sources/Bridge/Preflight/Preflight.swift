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
        await preflight.checkStore()
        preflight.checkCertificate()
        do throws(ConfigurationError) {
            let parts = try await AWSParts(configuration: configuration, environment: environment)
            await preflight.checkAWS(parts, endpoint: endpoint)
            await parts.close()
        } catch {
            tally.add(PreflightCheck("AWS settings", error.key, .failed, error.problem, cure: "mend the setting"))
        }
        return !tally.hasFailed
    }

    // MARK: This machine

    private func checkStore() async {
        do throws(ConfigurationError) {
            let store = try await StoreOpening.open(configuration.store, for: .beside)
            do throws(StoreError) {
                try await store.checkWritable()
                report(PreflightCheck("store", "", .passed, "it takes writes"))
            } catch {
                report(
                    PreflightCheck(
                        "store", "", .failed, error.message, cure: "free space, or give the folder to the bridge's user"
                    ))
            }
            await store.close()
        } catch {
            await checkNewStore(error)
        }
    }

    /// A store that is not there yet is made when the bridge starts; whether it can be is tried here.
    private func checkNewStore(_ reason: ConfigurationError) async {
        do throws(ConfigurationError) {
            let store = try await StoreOpening.open(configuration.store, for: .serving)
            await store.close()
            report(PreflightCheck("store", "", .passed, "it was made, and takes writes"))
        } catch {
            report(
                PreflightCheck(
                    "store", "", .failed, error.problem, cure: "mend store.url, or stop what else uses the store"))
        }
    }

    private func checkCertificate() {
        guard let files = configuration.tls else {
            report(
                PreflightCheck(
                    "TLS certificate", "", .skipped, "none is configured: a load balancer must speak TLS for the bridge"
                ))
            return
        }
        do throws(ConfigurationError) {
            let warnings = try CertificateKeeper(files).warnings(now: Bridge.now() / 1000)
            let isBad = warnings.contains { !$0.contains("expires in") }
            report(
                PreflightCheck(
                    "TLS certificate", files.certificate, isBad ? .failed : .passed,
                    warnings.first ?? "certificate and key fit, and are valid",
                    cure: isBad ? "get a certificate that is valid now" : ""))
        } catch {
            report(PreflightCheck("TLS certificate", files.certificate, .failed, error.problem, cure: "mend the files"))
        }
    }

    // MARK: AWS

    private func checkAWS(_ parts: AWSParts, endpoint: String?) async {
        await checkClock(parts)
        do throws(AWSError) {
            let caller = try await parts.accounts.identity()
            report(PreflightCheck("credentials", "", .passed, "AWS knows them as \(caller.arn)"))
        } catch {
            report(
                PreflightCheck(
                    "credentials", "", .failed, error.description,
                    cure: "give the bridge credentials, in one of the ways of AWS's SDKs"))
            return
        }
        let origins = configuration.topics.origins.sorted()
        if origins.isEmpty {
            report(
                PreflightCheck(
                    "topics", "", .failed, "sns.topics is empty, so every delivery is refused",
                    cure: "name the topics that Device Defender publishes to"))
        }
        for origin in origins {
            let check = AccountPreflight(
                origin: origin, client: parts.accounts.client(for: origin), configuration: configuration,
                report: report)
            await check.run()
        }
        for pattern in configuration.topics.patterns where pattern.description.hasSuffix(":*") {
            report(
                PreflightCheck(
                    "subscription", pattern.description, .skipped, "the entry is about any topic; nothing says which"))
        }
        for topic in configuration.topics.namedTopics {
            let check = TopicPreflight(
                topic: topic, client: parts.accounts.client(for: topic.origin), endpoint: endpoint, report: report)
            await check.run()
        }
    }

    /// How far the clock may be off: signatures are good for five minutes, and messages are judged by their age.
    private static let clockTolerance: Int64 = 60_000

    private func checkClock(_ parts: AWSParts) async {
        do throws(HTTPClientError) {
            let answer = try await parts.askSTS()
            guard let date = answer.headerFields[.date].flatMap(AWSDate.milliseconds) else {
                report(PreflightCheck("clock", "", .skipped, "AWS STS did not tell the time"))
                return
            }
            let difference = date.saturatingDistance(to: Bridge.now())
            report(
                difference < Self.clockTolerance
                    ? PreflightCheck("clock", "", .passed, "it is that of AWS within a minute")
                    : PreflightCheck(
                        "clock", "", .failed, "it differs from AWS's by \(difference / 1000) seconds",
                        cure: "let this machine set its clock by NTP"))
        } catch {
            report(
                PreflightCheck(
                    "clock", "", .failed, error.description,
                    cure: "let the bridge reach AWS STS, by a proxy (HTTPS_PROXY) or an endpoint of the network"))
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
