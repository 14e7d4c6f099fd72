import JSON
import Store

/// How far an audit has been imported. A restart continues there.
package struct AuditCheckpoint: Sendable, Hashable {
    /// The token of the next page; nil for the first page.
    package var nextToken: String?
    /// Whether all pages have been imported.
    package var isListed = false
    /// The findings of the imported pages that the ledger contained before.
    package var seen = RowSet()
    /// The findings of the imported pages that Security Hub rejected or that could not be parsed.
    package var rejections = FindingRejections()
    /// Whether findings could not be parsed. Any finding that the audit does not list may be one of them.
    package var hasUnread = false

    /// Whether any page has been imported.
    package var hasBegun: Bool { nextToken != nil || isListed }

    /// The form for the store; nil if it is too long, so that an earlier checkpoint stays valid.
    package var serialized: String? {
        var members: JSON.Members = [
            "isListed": .bool(isListed), "refused": .integer(Int64(rejections.count)), "hasUnread": .bool(hasUnread),
        ]
        members["nextToken"] = nextToken.map(JSON.string)
        if !seen.isEmpty { members["seen"] = .string(seen.stored) }
        members["reason"] = rejections.first.map { .string(String($0.prefix(1024))) }
        let bytes = JSON.object(members).serialized()
        return bytes.count <= LedgerUpdate.maximumCheckpointLength ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Creates a checkpoint; without arguments, the beginning of the list.
    package init(
        nextToken: String? = nil, isListed: Bool = false, seen: RowSet = RowSet(),
        rejections: FindingRejections = FindingRejections(),
        hasUnread: Bool = false
    ) {
        self.nextToken = nextToken
        self.isListed = isListed
        self.seen = seen
        self.rejections = rejections
        self.hasUnread = hasUnread
    }
}

extension AuditCheckpoint {
    /// Reads a stored checkpoint. Without one, or with an invalid one, the import starts from the first page.
    package init(serialized: String?) {
        guard let serialized, let json = try? JSON(parsing: Array(serialized.utf8)),
            let seen = RowSet(stored: json["seen"]?.string ?? "")
        else { return }
        self.seen = seen
        nextToken = json["nextToken"]?.string
        isListed = json["isListed"]?.bool ?? false
        hasUnread = json["hasUnread"]?.bool ?? false
        rejections = FindingRejections(
            count: Int(clamping: json["refused"]?.integer ?? 0), first: json["reason"]?.string)
    }
}
