import AWSClient
import AWSCore
import JSON
import Logging
import SecurityFindings
import Store

/// Rebuilds the ledger of an account and Region from what Security Hub has.
///
/// That is done before the first work on an origin, and when somebody asks for it. The ledger is a cache: without it,
/// findings would be imported that Security Hub has already, and what is over would stay.
struct LedgerRebuilder: Sendable {
    let accountRegion: AccountRegion
    let store: any Store
    let client: AWSClient
    let clock: @Sendable () -> Int64

    /// What was found.
    struct Count: Sendable, Hashable {
        /// Findings that are in the ledger now.
        var restored = 0
        /// Findings with ids of Device Defender's that could not be read, or that the store does not accept.
        var unread = 0
        /// The id of the first of those.
        var firstUnread: String?
    }

    /// Fills the ledger, which may hold part of it already.
    ///
    /// - Parameter report: hears after each page how much has been found so far.
    func rebuild(report: @Sendable (Count) -> Void = { _ in }) async throws -> Count {
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
            try await store.restore(restored.map(\.entry), restored.compactMap(\.disposition))
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
            "Id": [["Value": .string(RestoredFinding.idPrefix(accountRegion)), "Comparison": "PREFIX"]],
        ]
    }
}

extension AppliedAudit {
    /// Whether it is of a later audit than another one of the same check.
    func isNewer(than other: AppliedAudit?) -> Bool {
        guard let other else { return true }
        return (startTime, taskID) > (other.startTime, other.taskID)
    }
}
