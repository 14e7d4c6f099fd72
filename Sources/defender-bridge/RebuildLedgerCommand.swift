import AWSCore
import ArgumentParser
import Bridge
import Foundation
import JSON
import Synchronization

/// Rebuilds the ledger from Security Hub.
struct RebuildLedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-ledger",
        abstract: "Rebuild the ledger of findings from what Security Hub has.",
        discussion: """
            The ledger is what the bridge remembers of the findings that it sent. If it is lost or in doubt, this forgets it \
            and asks Security Hub (GetFindings) for all findings of Device Defender's, the ones of AWS's sample included. \
            Stop the bridge first. The queue and its dead letters stay as they are.
            """)

    @OptionGroup(title: "Configuration")
    var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Only this account. Default: all that sns.topics names.", valueName: "12 digits"))
    var account: String?

    @Option(help: ArgumentHelp("Only this Region. Default: all that sns.topics names.", valueName: "name"))
    var region: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.loadForStore(environment: environment)
        let bar = json ? nil : ProgressBar()
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
        if json { print(JSON.array(results.withLock { $0 }).prettyPrinted()) }
        if !hasSucceeded { throw CommandError(message: "Not every ledger could be rebuilt; the lines above say why.") }
    }

    @Sendable private static func show(_ progress: RebuildLedger.Progress, _ bar: ProgressBar) {
        let accountRegion = progress.accountRegion
        switch progress.report {
        case .found(let count):
            bar.show("\(accountRegion): \(count) findings so far", share: Double(progress.done) / Double(progress.all))
        case .done(let restored, 0): bar.printLine("\(accountRegion): done, \(restored) findings are in the ledger")
        case .done(let restored, let unread):
            bar.printLine("\(accountRegion): done, \(restored) findings are in the ledger; \(unread) could not be read")
        case .failed(let reason): bar.printLine("\(accountRegion): failed: \(reason)")
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
