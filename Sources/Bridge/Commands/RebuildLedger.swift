import AWSClient
package import AWSCore
import Encoding
import Processing
import SNS
import Store

/// Rebuilds ledgers from the findings in Security Hub, for `rebuild-ledger`. No bridge may use the store meanwhile.
package enum RebuildLedger {
    /// The progress of one account-Region.
    package enum Report: Sendable, Hashable {
        /// The number of findings read so far.
        case found(Int)
        /// The ledger is complete. `unread` findings with Device Defender ids could not be parsed.
        case done(restored: Int, unread: Int)
        /// Security Hub could not be queried; a bridge retries when it starts.
        case failed(String)
    }

    /// The progress of the whole rebuild.
    package struct Progress: Sendable, Hashable {
        /// The current account-Region.
        package let accountRegion: AccountRegion
        /// The number of account-Regions that were rebuilt before it.
        package let done: Int
        /// The number of account-Regions.
        package let all: Int
        /// The progress of this one.
        package let report: Report
    }

    /// Deletes the ledgers of the configured account-Regions, and fills them from Security Hub.
    ///
    /// A bridge that starts on the store completes a rebuild that was interrupted.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - isIncluded: selects account-Regions.
    ///   - report: called with the progress, in order.
    /// - Returns: whether all ledgers were rebuilt.
    /// - Throws: ``ConfigurationError`` for invalid settings, or if no account-Region is selected;
    ///   ``Interruption`` after SIGTERM or SIGINT.
    package static func run(
        configuration: BridgeConfiguration, environment: [String: String], of isIncluded: (AccountRegion) -> Bool,
        report: @escaping @Sendable (Progress) -> Void
    ) async throws -> Bool {
        let accountRegions = configuration.accountRegions.filter(isIncluded).sorted()
        guard !accountRegions.isEmpty else {
            throw ConfigurationError(
                "sns.topics",
                "no topic for the requested account and Region. Add the topic, or change --account and --region."
            )
        }
        let runtime = try await BridgeRuntime(
            configuration: configuration, environment: environment, reloadsOnHangup: false)
        return try await withCleanup {
            try await runtime.cancelOnSignal(throwing: InterruptionError()) {
                try await rebuild(accountRegions, runtime, report)
            }
        } cleanup: {
            await runtime.close()
        }
    }

    /// SIGTERM or SIGINT interrupted the rebuild.
    package struct InterruptionError: Error, CustomStringConvertible {
        /// The message for the operator.
        package let description =
            "rebuild-ledger interrupted by a signal. Run it again, or start a bridge, which completes it."
    }

    private static func rebuild(
        _ accountRegions: [AccountRegion], _ runtime: BridgeRuntime, _ report: @escaping @Sendable (Progress) -> Void
    ) async throws -> Bool {
        var hasSucceeded = true
        for (done, accountRegion) in accountRegions.enumerated() {
            @Sendable func reportProgress(_ one: Report) {
                report(Progress(accountRegion: accountRegion, done: done, all: accountRegions.count, report: one))
            }
            let rebuild = LedgerRebuilder(
                accountRegion: accountRegion, store: runtime.store, client: runtime.accounts.client(for: accountRegion),
                clock: WallClock.now)
            try await runtime.store.clearLedger(of: accountRegion)
            do {
                let count = try await rebuild.rebuild { reportProgress(.found($0.restored)) }
                reportProgress(.done(restored: count.restored, unread: count.unread))
            } catch let error as AWSError where error.kind != .canceled {
                reportProgress(.failed(error.description))
                hasSucceeded = false
            }
        }
        return hasSucceeded
    }
}
