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
        let isWell: Bool
        do {
            isWell = try await LedgerRebuilding.run(
                configuration: configuration, environment: environment,
                of: {
                    (account ?? $0.account.digits) == $0.account.digits && (region ?? $0.region.name) == $0.region.name
                },
                report: { progress in
                    bar.map { Self.show(progress, $0) }
                    if let result = Self.json(progress) { results.withLock { $0.append(result) } }
                })
        } catch let interruption as LedgerRebuilding.Interruption {
            bar?.end()
            throw CommandFailure(message: interruption.description)
        }
        if json { print(JSON.array(results.withLock { $0 }).prettyPrinted()) }
        if !isWell { throw CommandFailure(message: "Not every ledger could be rebuilt; the lines above say why.") }
    }

    @Sendable private static func show(_ progress: LedgerRebuilding.Progress, _ bar: ProgressBar) {
        let origin = progress.origin
        switch progress.report {
        case .found(let count):
            bar.show("\(origin): \(count) findings so far", share: Double(progress.done) / Double(progress.all))
        case .done(let restored, 0): bar.say("\(origin): done, \(restored) findings are in the ledger")
        case .done(let restored, let unread):
            bar.say("\(origin): done, \(restored) findings are in the ledger; \(unread) could not be read")
        case .failed(let reason): bar.say("\(origin): failed: \(reason)")
        }
    }

    @Sendable private static func json(_ progress: LedgerRebuilding.Progress) -> JSON? {
        let origin: JSON.Members = [
            "account": .string(progress.origin.account.digits), "region": .string(progress.origin.region.name),
        ]
        switch progress.report {
        case .found: return nil
        case .done(let restored, let unread):
            return .object(origin.merging(["restored": .integer(restored), "unread": .integer(unread)]) { $1 })
        case .failed(let reason): return .object(origin.merging(["error": .string(reason)]) { $1 })
        }
    }
}
