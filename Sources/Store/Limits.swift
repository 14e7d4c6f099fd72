import AWSCore

extension LedgerUpdate {
    /// Whether a store accepts all of it. One value that it does not accept makes it reject everything that is recorded
    /// together: what comes from outside is checked one by one first.
    public var isStorable: Bool { (try? Limits.check(self)) != nil }
}

/// The rules that values must keep to enter a store, whatever its kind.
enum Limits {
    /// The most rows that one call leases or lists.
    static let rows = 1...1000
    /// The longest delivery id, in bytes.
    static let deliveryIDLength = 256
    /// The longest name of a lease's owner, in bytes.
    static let ownerLength = 256
    /// The longest text that ledger entries, judgements and audit marks are looked up by, in bytes.
    static let ledgerTextLength = 2048
    /// The longest reason kept, in Unicode scalars.
    static let reasonLength = 1024

    static func check(_ delivery: Delivery) throws(StoreError) {
        guard isDeliveryID(delivery.id) else {
            throw StoreError(
                .invalidValue, "A delivery's id must be 1 to \(deliveryIDLength) visible ASCII characters.")
        }
        if let topic = delivery.topic { try check(topic.description, "A delivery's topic") }
    }

    static func check(_ pause: Pause) throws(StoreError) {
        guard isText(pause.pausedBy, atMost: ownerLength) else {
            throw StoreError(.invalidValue, "Who pauses must be 1 to \(ownerLength) bytes of UTF-8 without NUL.")
        }
    }

    static func check(_ progress: LedgerUpdate) throws(StoreError) {
        try check(progress.entries)
        for id in Array(progress.sent.keys) + progress.rejected { try check(id, "A finding's id") }
        for disposition in progress.dispositions { try check(disposition.subject, "A judgement's subject") }
        for mark in progress.appliedAudits {
            try check(mark.check, "An audit mark's check")
            try check(mark.taskID, "An audit mark's task id")
        }
        for audit in progress.audits {
            if let schedule = audit.schedule { try check(schedule, "A scheduled audit's name") }
            try check(audit.taskID, "An audit's task id")
        }
        for completion in progress.completions { try check(completion.check, "A completed check") }
        if let checkpoint = progress.checkpoint, !isText(checkpoint, atMost: LedgerUpdate.maximumCheckpointLength) {
            throw StoreError(
                .invalidValue,
                "A bookmark must be 1 to \(LedgerUpdate.maximumCheckpointLength) bytes of UTF-8 without NUL.")
        }
    }

    static func check(_ entries: [LedgerEntry]) throws(StoreError) {
        for entry in entries {
            try check(entry.id, "A ledger entry's id")
            try check(entry.group, "A ledger entry's group")
            try check(entry.subject, "A ledger entry's subject")
        }
    }

    static func check(_ subscription: Subscription) throws(StoreError) {
        guard isText(subscription.messageID, atMost: deliveryIDLength) else {
            throw StoreError(
                .invalidValue, "A message's id must be 1 to \(deliveryIDLength) bytes of UTF-8 without NUL.")
        }
    }

    private static func check(_ text: String, _ name: String) throws(StoreError) {
        guard isText(text, atMost: ledgerTextLength) else {
            throw StoreError(.invalidValue, "\(name) must be 1 to \(ledgerTextLength) bytes of UTF-8 without NUL.")
        }
    }

    static func check(limit: Int) throws(StoreError) {
        guard rows.contains(limit) else {
            throw StoreError(.invalidValue, "A limit must be from \(rows.lowerBound) to \(rows.upperBound).")
        }
    }

    static func check(owner: String) throws(StoreError) {
        guard isText(owner, atMost: ownerLength) else {
            throw StoreError(.invalidValue, "A lease's owner must be 1 to \(ownerLength) bytes of UTF-8 without NUL.")
        }
    }

    /// The end of a lease: never beyond what an Int64 holds, always after now.
    static func leaseEnd(_ duration: Duration, after now: Int64) throws(StoreError) -> Int64 {
        let span = duration.milliseconds
        guard span >= 1 else { throw StoreError(.invalidValue, "A lease must last at least a millisecond.") }
        guard now < .max else {
            throw StoreError(.invalidValue, "The present time is beyond what a lease can end after.")
        }
        return now.saturatingAdding(span)
    }

    /// A reason as it is kept.
    static func trimmed(reason: String) -> String {
        // SQLite's C interface ends a text at NUL.
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: reason.unicodeScalars.prefix(reasonLength).lazy.filter { $0.value != 0 })
        return String(scalars)
    }

    static func isDeliveryID(_ id: String) -> Bool {
        (1...deliveryIDLength).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    static func isText(_ text: String, atMost length: Int) -> Bool {
        (1...length).contains(text.utf8.count) && !text.utf8.contains(0)
    }
}
