package import AWSClient
package import AWSCore
package import Encoding
import JSON
import Planning
import SecurityFindings
package import Store

/// Rebuilds the ledger of an account and Region from the findings in Security Hub.
///
/// It runs before the first delivery of an account and Region is processed, and for the command `rebuild-ledger`.
/// Without the ledger, existing findings would be imported again, and ended ones would stay active. Findings of mapped
/// sources are recognized by their ids, whether or not the source is configured.
package struct LedgerRebuilder: Sendable {
    private let accountRegion: AccountRegion
    private let store: any Store
    private let client: AWSClient
    private let clock: @Sendable () -> Timestamp

    /// How many findings were read.
    package struct Count: Sendable, Hashable {
        /// Findings that were restored to the ledger.
        package var restored = 0
        /// Device Defender findings that could not be parsed, or that the store rejects.
        package var unread = 0
        /// The id of the first unread finding.
        var firstUnread: String?
    }

    /// Fills the ledger, which may already contain some of the findings.
    ///
    /// - Parameter report: called after each page with the counts so far.
    package func rebuild(report: @Sendable (Count) -> Void = { _ in }) async throws -> Count {
        var count = Count()
        var newestAudits: [String: AppliedAudit] = [:]
        var pages = client.findings(filters: filters, region: accountRegion.region).makeAsyncIterator()
        while let page = try await pages.next() {
            var restored: [RestoredFinding] = []
            for element in page.elements {
                if let finding = RestoredFinding(element, accountRegion: accountRegion), finding.isStorable {
                    restored.append(finding)
                } else {
                    count.unread += 1
                    count.firstUnread = count.firstUnread ?? element["Id"]?.string
                }
            }
            let now = clock()
            try await store.restore(
                restored.map { $0.ledgerEntry(restoredAt: now) }, restored.compactMap(\.disposition))
            for audit in restored.compactMap(\.appliedAudit) where audit.isNewer(than: newestAudits[audit.check]) {
                newestAudits[audit.check] = audit
            }
            count.restored += restored.count
            report(count)
        }
        try await store.finishLedger(
            of: accountRegion, appliedAudits: newestAudits.values.sorted { $0.check < $1.check }, now: clock())
        return count
    }

    private var filters: JSON {
        [
            "ProductArn": [
                ["Value": .string(SecurityFinding.productARN(accountRegion: accountRegion)), "Comparison": "EQUALS"]
            ],
            "Id": [
                ["Value": .string(RestoredFinding.idPrefix(accountRegion)), "Comparison": "PREFIX"],
                ["Value": .string(RestoredFinding.mappedIDPrefix(accountRegion)), "Comparison": "PREFIX"],
            ],
        ]
    }

    /// Creates a rebuilder.
    ///
    /// - Parameter clock: returns the time.
    package init(
        accountRegion: AccountRegion, store: any Store, client: AWSClient, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.accountRegion = accountRegion
        self.store = store
        self.client = client
        self.clock = clock
    }
}

extension AppliedAudit {
    /// Whether its audit is later than another one of the same check.
    func isNewer(than other: AppliedAudit?) -> Bool {
        guard let other else { return true }
        return (startTime, taskID) > (other.startTime, other.taskID)
    }
}
