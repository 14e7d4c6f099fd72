import AWSCore
package import Encoding

extension LedgerUpdate {
    /// Whether a store accepts all of it. A single invalid value makes the store reject the whole update, so external
    /// values are checked one by one before.
    package var isStorable: Bool { (try? Limits.check(self)) != nil }
}

/// The rules that values must meet to be stored, in every kind of store.
package enum Limits {
    /// The range of the limits of calls that lease or list.
    package static let rows = 1...1000
    /// The range of the limits of calls that list places of findings.
    package static let positions = 1...10_000
    /// The maximum number of rows that one transaction deletes, so that other writes are not delayed.
    package static let deletion = 1000
    /// The maximum length of a delivery id, in bytes.
    package static let deliveryIDLength = 256
    /// The maximum length of the name of a lease owner, in bytes.
    package static let ownerLength = 256
    /// The maximum length of the indexed texts of ledger entries, dispositions and applied audits, in bytes.
    package static let ledgerTextLength = 2048
    /// The maximum length of a stored reason, in Unicode scalars.
    package static let reasonLength = 1024

    /// Throws ``StoreError/Code/invalidValue`` for a delivery that cannot be stored.
    package static func check(_ delivery: Delivery) throws(StoreError) {
        guard isDeliveryID(delivery.id) else {
            throw StoreError(
                .invalidValue, "A delivery id must be 1 to \(deliveryIDLength) visible ASCII characters.")
        }
        if let topic = delivery.topic { try check(topic.description, "The topic of a delivery") }
        if let source = delivery.source { try check(source: source) }
    }

    private static func check(source: String) throws(StoreError) {
        guard DeliveryLane.isSourceName(source) else {
            throw StoreError(
                .invalidValue, "The name of a source must be 1 to 64 lowercase ASCII letters, digits and dashes.")
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` for a pause that cannot be stored.
    package static func check(_ pause: Pause) throws(StoreError) {
        guard isText(pause.pausedBy, atMost: ownerLength) else {
            throw StoreError(
                .invalidValue, "The name of who pauses must be 1 to \(ownerLength) bytes of UTF-8 without NUL.")
        }
        if case .source(let source) = pause.scope { try check(source: source) }
    }

    /// Throws ``StoreError/Code/invalidValue`` for a point with a negative number.
    package static func check(_ point: HistoryPoint) throws(StoreError) {
        guard point.counts.allSatisfy({ $0 >= 0 }) else {
            throw StoreError(.invalidValue, "The numbers of a point of the history must not be negative.")
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` if any part of an update cannot be stored.
    package static func check(_ progress: LedgerUpdate) throws(StoreError) {
        try check(progress.entries)
        try check(progress.reports)
        for id in Array(progress.sent.keys) + progress.rejected { try check(id, "A finding id") }
        for disposition in progress.dispositions { try check(disposition.subject, "The subject of a disposition") }
        for mark in progress.appliedAudits {
            try check(mark.check, "The check of an applied audit")
            try check(mark.taskID, "The task id of an applied audit")
        }
        for audit in progress.audits {
            if let schedule = audit.schedule { try check(schedule, "The name of a scheduled audit") }
            try check(audit.taskID, "The task id of an audit")
        }
        if let task = progress.listing?.taskID { try check(task, "The task id of a listed audit") }
        for completion in progress.completions { try check(completion.check, "The name of a completed check") }
        if let checkpoint = progress.checkpoint, !isText(checkpoint, atMost: LedgerUpdate.maximumCheckpointLength) {
            throw StoreError(
                .invalidValue,
                "A checkpoint must be 1 to \(LedgerUpdate.maximumCheckpointLength) bytes of UTF-8 without NUL.")
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` if any of the entries cannot be stored.
    package static func check(_ entries: [LedgerEntry]) throws(StoreError) {
        for entry in entries {
            try check(entry.id, "The id of a ledger entry")
            try check(entry.group, "The group of a ledger entry")
            try check(entry.subject, "The subject of a ledger entry")
            if let report = entry.report { try check(source: report.source) }
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` for a subscription that cannot be stored.
    package static func check(_ subscription: Subscription) throws(StoreError) {
        guard isText(subscription.messageID, atMost: deliveryIDLength) else {
            throw StoreError(
                .invalidValue, "A message id must be 1 to \(deliveryIDLength) bytes of UTF-8 without NUL.")
        }
    }

    private static func check(_ text: String, _ name: String) throws(StoreError) {
        guard isLedgerText(text) else {
            throw StoreError(.invalidValue, "\(name) must be 1 to \(ledgerTextLength) bytes of UTF-8 without NUL.")
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` for a limit out of range.
    package static func check(limit: Int, in range: ClosedRange<Int> = rows) throws(StoreError) {
        guard range.contains(limit) else {
            throw StoreError(.invalidValue, "A limit must be from \(range.lowerBound) to \(range.upperBound).")
        }
    }

    /// Throws ``StoreError/Code/invalidValue`` for an invalid name of a lease owner.
    package static func check(owner: String) throws(StoreError) {
        guard isText(owner, atMost: ownerLength) else {
            throw StoreError(.invalidValue, "A lease owner must be 1 to \(ownerLength) bytes of UTF-8 without NUL.")
        }
    }

    /// The end of a lease: always later than `now`, and at most ``Timestamp/latest``.
    package static func leaseEnd(_ duration: Duration, after now: Timestamp) throws(StoreError) -> Timestamp {
        guard duration >= .milliseconds(1) else {
            throw StoreError(.invalidValue, "A lease must last at least 1 ms.")
        }
        guard now < .latest else {
            throw StoreError(.invalidValue, "The current time is too late for a lease.")
        }
        return now + duration
    }

    /// A reason as it is stored: truncated and without NUL.
    package static func trimmed(reason: String) -> String {
        // SQLite's C interface ends a text at NUL.
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: reason.unicodeScalars.prefix(reasonLength).lazy.filter { $0.value != 0 })
        return String(scalars)
    }

    /// Whether a text is a valid delivery id.
    package static func isDeliveryID(_ id: String) -> Bool {
        (1...deliveryIDLength).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether the ledger can contain a text in a column that is looked up.
    package static func isLedgerText(_ text: String) -> Bool { isText(text, atMost: ledgerTextLength) }

    /// Whether a text is stored as it is: not empty, at most so many bytes long, and without NUL.
    package static func isText(_ text: String, atMost length: Int) -> Bool {
        (1...length).contains(text.utf8.count) && !text.utf8.contains(0)
    }
}
