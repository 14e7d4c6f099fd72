import AWSCore
import ArgumentParser
import Bridge
import Foundation

/// Rebuilds the ledger from Security Hub.
struct RebuildLedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild-ledger",
        abstract: "Rebuild the ledger of findings from what Security Hub has.",
        discussion: """
            The ledger is what the bridge remembers of the findings that it sent. If it is lost or in doubt, this forgets it \
            and asks Security Hub (GetFindings) for all findings of Device Defender's, the ones of AWS's sample included. \
            Stop the bridge first. The queue and its dead letters stay as they are.

            \(ConfigurationOptions.table)
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: ArgumentHelp("Only this account. Default: all that sns.topics names.", valueName: "12 digits"))
    var account: String?

    @Option(help: ArgumentHelp("Only this Region. Default: all that sns.topics names.", valueName: "name"))
    var region: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try options.load(environment: environment)
        let isWell: Bool
        do {
            isWell = try await LedgerRebuilding.run(
                configuration: configuration, environment: environment,
                of: {
                    (account ?? $0.account.digits) == $0.account.digits && (region ?? $0.region.name) == $0.region.name
                },
                report: Self.report)
        } catch let interruption as LedgerRebuilding.Interruption {
            throw CommandFailure(message: interruption.description)
        }
        if !isWell { throw CommandFailure(message: "Not every ledger could be rebuilt; the lines above say why.") }
    }

    @Sendable private static func report(_ origin: Origin, _ report: LedgerRebuilding.Report) {
        switch report {
        // A page has a hundred findings and takes a third of a second.
        case .found(let count) where count % 1000 == 0: print("\(origin): \(count) findings so far")
        case .found: return
        case .done(let restored, 0): print("\(origin): done, \(restored) findings are in the ledger")
        case .done(let restored, let unread):
            print("\(origin): done, \(restored) findings are in the ledger; \(unread) could not be read")
        case .failed(let reason): print("\(origin): failed: \(reason)")
        }
    }
}
