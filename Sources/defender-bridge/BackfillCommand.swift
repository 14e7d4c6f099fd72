import AWSCore
import ArgumentParser
import Bridge
import Foundation
import Logging

/// Asks Device Defender for what happened in the past.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Bring what Device Defender found in the past into Security Hub.",
        discussion: """
            Asks for the audits that ended, for what happened to alarms, for the alarms that are raised and for the \
            suppressions, puts what the bridge does not know into its queue, and waits until it is done. Works beside a \
            running bridge, which then does the work, and without one. If it is interrupted, the bridge goes on.
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "How far back to ask, 1h to 90d. AWS keeps audits for 90 days and what happened to alarms for 30.",
            valueName: "duration"),
        transform: Self.lookback)
    var since = Duration.seconds(90 * 86_400)

    @Option(help: ArgumentHelp("Only this account. Default: all that the bridge serves.", valueName: "12 digits"))
    var account: String?

    @Option(help: ArgumentHelp("Only this Region. Default: all that the bridge serves.", valueName: "name"))
    var region: String?

    @Sendable private static func lookback(_ text: String) throws -> Duration {
        guard let lookback = Duration(text), (Duration.seconds(3600)...Duration.seconds(90 * 86_400)).contains(lookback)
        else {
            throw ValidationError("it must be a duration from 1h to 90d, for example 30d")
        }
        return lookback
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.loadForStore(environment: environment)
        let bar = ProgressBar()
        let report: Backfill.Report
        do {
            report = try await Backfill.run(
                configuration: configuration, environment: environment, registry: PrometheusRegistry(),
                logger: configuration.log(atLeast: .warning).logger(), lookback: since,
                of: {
                    (account ?? $0.account.digits) == $0.account.digits && (region ?? $0.region.name) == $0.region.name
                },
                report: { bar.show(Self.text($0), share: Self.share($0)) })
        } catch let interruption as Backfill.InterruptionError {
            bar.end()
            throw CommandError(message: interruption.description)
        }
        bar.end()
        guard report.deadLettered == 0 else {
            throw CommandError(
                message: "\(report.deadLettered) deliveries were given up; see defender-bridge dead-letters list")
        }
        print("Done: Security Hub has what Device Defender told of \(report.accountRegions) accounts and Regions.")
    }

    private static func text(_ report: Backfill.Report) -> String {
        "asked about \(report.completedQueries) of \(report.accountRegions) accounts and Regions, \(report.remaining) deliveries left"
            + (report.waitingFor.map { ", waiting for \($0)" } ?? "")
    }

    private static func share(_ report: Backfill.Report) -> Double {
        guard report.completedQueries == report.accountRegions, report.peak > 0 else { return 0 }
        return 1 - Double(report.remaining) / Double(report.peak)
    }
}
