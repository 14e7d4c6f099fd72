import AWSCore
import ArgumentParser
import Bridge
import FoundationEssentials
import Glibc
import JSON
import Synchronization

/// Rebuilds the ledger from Security Hub's findings.
struct RebuildLedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-ledger",
        abstract: "Rebuild the ledger from the findings in Security Hub.",
        discussion: """
            The ledger records what the bridge last sent for each finding. If it is lost or wrong, this command deletes it \
            and reads all findings of Device Defender and mapped sources from Security Hub (GetFindings), including those \
            that AWS's sample imported and those of sources that are not configured any more. The queue and its dead letters are unchanged. Stop the bridge first.

            Example:
              defender-bridge rebuild-ledger --account 111122223333 --region eu-central-1
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Rebuild this account only. Default: all configured accounts.", valueName: "account"))
    var account: String?

    @Option(help: ArgumentHelp("Rebuild this Region only. Default: all configured Regions.", valueName: "region"))
    var region: String?

    @OptionGroup var output: ReportOptions

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.loadForStore(environment: environment)
        let bar = output.isText ? ProgressBar() : nil
        let results = Mutex<[JSON]>([])
        let hasSucceeded: Bool
        do {
            hasSucceeded = try await RebuildLedger.run(
                configuration: configuration, environment: environment,
                of: {
                    (account ?? $0.account.digits) == $0.account.digits && (region ?? $0.region.name) == $0.region.name
                },
                report: { progress in
                    bar.map { Self.show(progress, $0) }
                    if let result = Self.json(progress) { results.withLock { $0.append(result) } }
                })
        } catch let interruption as RebuildLedger.InterruptionError {
            bar?.end()
            throw CommandError(message: interruption.description)
        }
        if output.json { print(JSON.array(results.withLock { $0 }).prettyPrinted()) }
        if output.quiet { Self.reportFailures(results.withLock { $0 }) }
        if !hasSucceeded {
            throw CommandError(
                message: "ledger rebuild incomplete: at least one account and Region failed. "
                    + "Resolve the errors above and run the command again.")
        }
    }

    @Sendable private static func show(_ progress: RebuildLedger.Progress, _ bar: ProgressBar) {
        let accountRegion = progress.accountRegion
        switch progress.report {
        case .found(let count):
            bar.show("\(accountRegion): findings read: \(count)", share: Double(progress.done) / Double(progress.all))
        case .done(let restored, 0): bar.printLine("\(accountRegion): complete, findings in the ledger: \(restored)")
        case .done(let restored, let unread):
            bar.printLine("\(accountRegion): complete, findings in the ledger: \(restored), unreadable: \(unread)")
        case .failed(let reason): bar.printLine("\(accountRegion): failed: \(reason)")
        }
    }

    /// Prints the failures, which the text has in its place.
    private static func reportFailures(_ results: [JSON]) {
        for result in results {
            guard let reason = result["error"]?.string else { continue }
            let accountRegion = "\(result["account"]?.string ?? "")/\(result["region"]?.string ?? "")"
            StandardStream.write("defender-bridge: \(accountRegion): failed: \(reason)\n", to: STDERR_FILENO)
        }
    }

    @Sendable private static func json(_ progress: RebuildLedger.Progress) -> JSON? {
        let accountRegion: JSON.Members = [
            "account": .string(progress.accountRegion.account.digits),
            "region": .string(progress.accountRegion.region.name),
        ]
        switch progress.report {
        case .found: return nil
        case .done(let restored, let unread):
            return .object(accountRegion.merging(["restored": .integer(restored), "unread": .integer(unread)]) { $1 })
        case .failed(let reason): return .object(accountRegion.merging(["error": .string(reason)]) { $1 })
        }
    }
}
