package import AWSCore
package import Encoding
package import JSON
import Planning
package import Store

/// The archival of all findings of a mapped source: `sources archive`.
package struct SourceArchival: Sendable, Hashable {
    /// The name of the source.
    package let source: String
    /// The account-Regions in which the source has active findings, sorted.
    package let accountRegions: [AccountRegion]
    /// The names of all sources with active findings, sorted.
    package let known: [String]

    /// Queues a task for each account and Region in which a source has active findings. The source need not be configured.
    ///
    /// - Parameter now: the present time. What is reported later is not archived.
    package init(of source: String, in store: any Store, now: Timestamp) async throws(StoreError) {
        var found: [AccountRegion] = []
        var names: Set<String> = []
        for accountRegion in try await store.ledgerAccountRegions() {
            let groups = try await store.ledgerGroups(of: accountRegion, kind: .mapped)
            let sources = Set(groups.map { String($0.prefix { $0 != "/" }) })
            names.formUnion(sources)
            if sources.contains(source) { found.append(accountRegion) }
        }
        self.source = source
        accountRegions = found.sorted()
        known = names.sorted()
        let task = InternalTask.archiveSource(reportedBefore: now)
        let deliveries = accountRegions.map { task.delivery(of: $0, source: source, now: now) }
        if !deliveries.isEmpty { _ = try await store.append(deliveries) }
    }

    /// A line for each account and Region.
    package var lines: [String] {
        accountRegions.map { "Queued: archive the findings of source \(source) in \($0)." }
    }

    /// Why nothing was queued; nil if something was.
    package var problem: String? {
        guard accountRegions.isEmpty else { return nil }
        let others =
            known.isEmpty
            ? "No source has any." : "Sources with active findings: \(known.joined(separator: ", "))."
        return "the source \(source) has no active findings in the ledger. \(others)"
    }

    /// The account-Regions as JSON.
    package var json: JSON {
        [
            "source": .string(source),
            "queued": .array(
                accountRegions.map { ["account": .string($0.account.digits), "region": .string($0.region.name)] }),
        ]
    }
}
