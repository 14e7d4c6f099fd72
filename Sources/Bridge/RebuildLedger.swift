import AWSClient
public import AWSCore
import SNS
import Store

/// Rebuilds ledgers from what Security Hub has, when an operator asks for it. No bridge may be running on the same store.
public enum RebuildLedger {
    /// How far it is with one account and Region.
    public enum Report: Sendable, Hashable {
        /// So many findings have been found so far.
        case found(Int)
        /// The ledger is complete; some findings with ids of Device Defender's could not be read.
        case done(restored: Int, unread: Int)
        /// Security Hub could not be asked; the bridge tries again when it starts.
        case failed(String)
    }

    /// How far it is with all.
    public struct Progress: Sendable, Hashable {
        /// The account and Region that is being rebuilt, or was just now.
        public let accountRegion: AccountRegion
        /// How many were rebuilt before.
        public let done: Int
        /// How many there are.
        public let all: Int
        /// How far it is with this one.
        public let report: Report
    }

    /// Forgets the ledgers of the accounts and Regions that the configuration serves, and fills them from Security Hub.
    /// One that is interrupted is rebuilt when a bridge starts on the store.
    ///
    /// - Parameters:
    ///   - configuration: the settings.
    ///   - environment: the process's environment, for AWS's own settings.
    ///   - isIncluded: which of the accounts and Regions.
    ///   - report: hears how far it is, in order.
    /// - Returns: whether all went well.
    /// - Throws: ``ConfigurationError`` for settings that turn out to be unusable, or if there is nothing to rebuild;
    ///   ``Interruption`` after SIGTERM or SIGINT.
    public static func run(
        configuration: BridgeConfiguration, environment: [String: String], of isIncluded: (AccountRegion) -> Bool,
        report: @escaping @Sendable (Progress) -> Void
    ) async throws -> Bool {
        let accountRegions = configuration.topics.accountRegions.filter(isIncluded).sorted()
        guard !accountRegions.isEmpty else {
            throw ConfigurationError(
                "sns.topics", "there is no topic of an account and Region that was asked for; add it, or ask for others"
            )
        }
        let runtime = try await BridgeRuntime(
            configuration: configuration, environment: environment, reloadsOnHangup: false)
        let work = Task { try await rebuild(accountRegions, runtime, report) }
        let watching = Task { for await _ in runtime.signals { work.cancel() } }
        let result = await work.result
        watching.cancel()
        await watching.value
        await runtime.close()
        guard !work.isCancelled else { throw InterruptionError() }
        return try result.get()
    }

    /// A signal ended the work before its time.
    public struct InterruptionError: Error, CustomStringConvertible {
        /// What happened, and what follows.
        public let description = "interrupted; a bridge that starts on the store goes on with it"
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
                clock: Bridge.now)
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
