import AWSCore
import Encoding
import JSON
import Store

/// The dead letters grouped by normalized reason. A pure value of bounded size.
package struct DeadLetterGroups: Sendable {
    /// The dead letters with the same normalized reason.
    struct Group: Sendable {
        let reason: UTF8Text
        var count = 0
        var oldestAt: Timestamp
        var accounts: Set<AccountID> = []
        var sources: Set<String> = []
        /// The one that failed last.
        var example: DeadLetterSummary

        /// An element of `deadLetters.groups` in status.json.
        var json: JSON {
            [
                "reason": .string(reason.description), "count": .integer(count), "oldestAt": .time(oldestAt),
                "newestAt": .time(example.lastFailedAt), "accounts": .integer(accounts.count),
                "sources": .array(sources.sorted().map(JSON.string)), "example": DeadLetterReport.json(example),
            ]
        }
    }

    private var groups: [UTF8Text: Group] = [:]
    /// The number of dead letters whose reasons came after ``limit`` other ones.
    private var ungrouped = 0

    /// The most reasons that are told apart.
    static let limit = 1000
    /// The most groups in the status.
    static let shownLimit = 50

    /// Adds a dead letter. They must come in the order of their last failure, oldest first.
    mutating func add(_ letter: DeadLetterSummary) {
        let reason = UTF8Text(NormalizedReason.text(letter.reason))
        guard groups[reason] != nil || groups.count < Self.limit else {
            ungrouped += 1
            return
        }
        var group = groups[reason] ?? Group(reason: reason, oldestAt: letter.lastFailedAt, example: letter)
        group.count += 1
        group.example = letter
        group.accounts.insert(letter.accountRegion.account)
        if let source = letter.source { group.sources.insert(source) }
        groups[reason] = group
    }

    /// The groups with the most dead letters, those that failed last first among equals.
    var largest: [Group] {
        let sorted = groups.values.sorted {
            (-$0.count, -$0.example.lastFailedAt.milliseconds, $0.reason.description)
                < (-$1.count, -$1.example.lastFailedAt.milliseconds, $1.reason.description)
        }
        return Array(sorted.prefix(Self.shownLimit))
    }

    /// The number of groups that ``largest`` omits; dead letters beyond the reasons that are told apart count as one.
    var omitted: Int { max(groups.count - Self.shownLimit, 0) + (ungrouped > 0 ? 1 : 0) }
}

extension DeadLetterGroups {
    /// Reads the dead letters of a store, page by page.
    init(_ store: any DeliveryQueue) async throws(StoreError) {
        self.init()
        for try await page in store.deadLetterSummaries() { for letter in page { add(letter) } }
    }
}
