import JSON
import Store

/// How far the walk through an audit has come, to go on from there after an interruption.
struct AuditCheckpoint: Sendable, Hashable {
    /// What to ask for the next page with; nil for the first page.
    var nextToken: String?
    /// Whether all pages were walked.
    var isListed = false
    /// Findings of the pages walked that Security Hub refused or that could not be read.
    var rejections = FindingRejections()
    /// Whether there were findings that could not be read: any of those that seem to be gone may be one of them.
    var hasUnread = false

    /// As the store keeps it; nil if that is more than it keeps, so that the walk goes on from an earlier page.
    var serialized: String? {
        var members: JSON.Members = [
            "isListed": .bool(isListed), "refused": .integer(Int64(rejections.count)), "hasUnread": .bool(hasUnread),
        ]
        members["nextToken"] = nextToken.map(JSON.string)
        members["reason"] = rejections.first.map { .string(String($0.prefix(1024))) }
        let bytes = JSON.object(members).serialized()
        return bytes.count <= LedgerUpdate.maximumCheckpointLength ? String(decoding: bytes, as: UTF8.self) : nil
    }
}

extension AuditCheckpoint {
    /// Reads one; a bookmark that cannot be read begins anew.
    init(serialized: String?) {
        guard let serialized, let json = try? JSON(parsing: Array(serialized.utf8)) else { return }
        nextToken = json["nextToken"]?.string
        isListed = json["isListed"]?.bool ?? false
        hasUnread = json["hasUnread"]?.bool ?? false
        rejections = FindingRejections(
            count: Int(clamping: json["refused"]?.integer ?? 0), first: json["reason"]?.string)
    }
}
