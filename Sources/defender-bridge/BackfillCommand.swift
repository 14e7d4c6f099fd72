import AWSCore
import ArgumentParser
import Bridge
import Encoding
import FoundationEssentials
import Logging
import Telemetry

/// Imports past audits and alarms from Device Defender.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Import past audits and alarms from Device Defender into Security Hub.",
        discussion: """
            Queries Device Defender for completed audits, alarm history, active alarms and audit suppressions, queues what \
            the bridge has not imported yet, and waits until it is processed. A running bridge processes the queue; without \
            one, this command does. After an interruption, a bridge that starts on the store continues.

            Example:
              defender-bridge backfill --since 30d --account 111122223333
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "How far back to import, from 1h to 90d. AWS keeps audits for 90 days and alarm history for 30. Default: 90d.",
            valueName: "duration"),
        transform: Self.lookback)
    var since: Duration?

    @Option(help: ArgumentHelp("Import for this account only. Default: all configured accounts.", valueName: "account"))
    var account: String?

    @Option(help: ArgumentHelp("Import for this Region only. Default: all configured Regions.", valueName: "region"))
    var region: String?

    @Flag(help: QuietHelp.text)
    var quiet = false

    /// How long AWS keeps audits.
    private static let longest = Duration.seconds(90 * 86_400)

    @Sendable private static func lookback(_ text: String) throws -> Duration {
        guard let lookback = Duration(text), (Duration.seconds(3600)...longest).contains(lookback)
        else {
            throw ValidationError("Use a duration from 1h to 90d, for example 30d.")
        }
        return lookback
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.loadForStore(environment: environment)
        let bar = quiet ? nil : ProgressBar()
        let report: Backfill.Report
        do {
            report = try await Backfill.run(
                configuration: configuration, environment: environment, registry: PrometheusRegistry(),
                logger: configuration.log(atLeast: .warning).logger(), lookback: since ?? Self.longest,
                of: {
                    (account ?? $0.account.digits) == $0.account.digits && (region ?? $0.region.name) == $0.region.name
                },
                report: { bar?.show(Self.text($0), share: Self.share($0)) })
        } catch let interruption as Backfill.InterruptionError {
            bar?.end()
            throw CommandError(message: interruption.description)
        }
        bar?.end()
        guard report.deadLettered == 0 else {
            throw CommandError(
                message: "backfill incomplete: deliveries dead-lettered: \(report.deadLettered). "
                    + "Run defender-bridge dead-letters list for the reasons.")
        }
        guard !quiet else { return }
        print("Backfill complete: all findings are in Security Hub (account-Regions: \(report.accountRegions)).")
    }

    private static func text(_ report: Backfill.Report) -> String {
        "account-Regions queried: \(report.completedQueries) of \(report.accountRegions), deliveries remaining: \(report.remaining)"
            + (report.waitingFor.map { ", waiting for \($0)" } ?? "")
    }

    private static func share(_ report: Backfill.Report) -> Double {
        guard report.completedQueries == report.accountRegions, report.peak > 0 else { return 0 }
        return 1 - Double(report.remaining) / Double(report.peak)
    }
}
