package import AWSCore

/// A row of a database, read without trust: a damaged row can contain anything.
package protocol StoredRow {
    func optionalInteger(_ column: Int) throws -> Int64?
    func optionalText(_ column: Int) throws -> String?
    func bytes(_ column: Int) throws -> [UInt8]
    func flag(_ column: Int) throws -> Bool
}

extension StoredRow {
    package func integer(_ column: Int) throws -> Int64 {
        guard let value = try optionalInteger(column) else { throw StoreError.unreadableRow }
        return value
    }

    package func count(_ column: Int) throws -> Int {
        guard let value = Int(exactly: try integer(column)) else { throw StoreError.unreadableRow }
        return value
    }

    package func text(_ column: Int) throws -> String {
        guard let value = try optionalText(column) else { throw StoreError.unreadableRow }
        return value
    }

    package func value<Value: RawRepresentable<String>>(_ column: Int, of type: Value.Type = Value.self) throws -> Value {
        guard let value = Value(rawValue: try text(column)) else { throw StoreError.unreadableRow }
        return value
    }

    package func optionalValue<Value: RawRepresentable<String>>(_ column: Int, of type: Value.Type = Value.self) throws
        -> Value?
    {
        try optionalText(column) == nil ? nil : value(column)
    }

    package func accountRegion(_ column: Int) throws -> AccountRegion {
        guard let accountRegion = AccountRegion(stored: try text(column)) else { throw StoreError.unreadableRow }
        return accountRegion
    }

    package func arn(_ column: Int) throws -> ARN {
        guard let arn = ARN(try text(column)) else { throw StoreError.unreadableRow }
        return arn
    }

    /// An ARN; nil for an empty text.
    package func optionalARN(_ column: Int) throws -> ARN? { try text(column).isEmpty ? nil : arn(column) }
}

extension StoreError {
    package static let unreadableRow = StoreError(
        .corrupt, "The store contains an invalid row. Keep the damaged store, and restore it from a backup.")
}

// MARK: Values

extension Delivery {
    /// Reads a row with id, account-Region, channel and time of receipt from the second column on, and the topic in the
    /// eleventh.
    package init(_ row: some StoredRow, payload: [UInt8]) throws {
        self.init(
            id: try row.text(1), accountRegion: try row.accountRegion(2), channel: try row.value(3),
            topic: try row.optionalARN(10),
            receivedAt: try row.integer(4), payload: payload)
    }
}

extension DeadLetter {
    package init(_ row: some StoredRow) throws {
        self.init(
            delivery: try Delivery(row, payload: row.bytes(9)), attempts: try row.count(5),
            firstFailedAt: try row.integer(6), lastFailedAt: try row.integer(7), reason: try row.text(8))
    }
}

extension LedgerEntry {
    package init(_ row: some StoredRow) throws {
        self.init(
            id: try row.text(0), accountRegion: try row.accountRegion(1), kind: try row.value(2),
            group: try row.text(3),
            subject: try row.text(4), createdAt: try row.integer(5), updatedAt: try row.integer(6),
            eventTime: try row.integer(7), firstObservedAt: try row.integer(8), lastObservedAt: try row.integer(9),
            condition: try row.value(10), recordState: try row.value(11), severity: try row.optionalValue(14),
            finding: try row.bytes(12), isSent: try row.flag(13))
    }
}

extension Disposition {
    package init(_ row: some StoredRow) throws {
        self.init(
            subject: try row.text(0), accountRegion: try row.accountRegion(1), time: try row.integer(2),
            dueAt: try row.optionalInteger(3), keepUntil: try row.optionalInteger(4), content: try row.bytes(5))
    }
}

extension AppliedAudit {
    /// Reads a row of check, start and task.
    package init(_ row: some StoredRow, of accountRegion: AccountRegion) throws {
        self.init(
            accountRegion: accountRegion, check: try row.text(0), startTime: try row.integer(1), taskID: try row.text(2)
        )
    }
}

extension CheckCompletion {
    package init(_ row: some StoredRow) throws {
        self.init(
            accountRegion: try row.accountRegion(0), check: try row.text(1), completedAt: try row.integer(2),
            passedAt: try row.optionalInteger(3))
    }
}

extension AuditCoverage {
    package init(_ row: some StoredRow) throws { self.init(since: try row.integer(0), until: try row.integer(1)) }
}

extension FinishedAudit {
    package init(_ row: some StoredRow) throws {
        let schedule = try row.text(1)
        self.init(
            accountRegion: try row.accountRegion(0), schedule: schedule.isEmpty ? nil : schedule,
            taskID: try row.text(2),
            startTime: try row.integer(3), finishedAt: try row.optionalInteger(4))
    }
}

extension OpenFindings.Row {
    package init(_ row: some StoredRow) throws {
        self.init(
            accountRegion: try row.accountRegion(0), severity: try row.optionalValue(1), current: try row.count(2),
            unsentCurrent: try row.count(3), unsent: try row.count(4))
    }
}

extension DeadLetterSummary {
    /// Reads a row that has id, account-Region, source and time of receipt from the second column on.
    package init(_ row: some StoredRow) throws {
        self.init(
            id: try row.text(1), accountRegion: try row.accountRegion(2), channel: try row.value(3),
            receivedAt: try row.integer(4),
            attempts: try row.count(5), firstFailedAt: try row.integer(6), lastFailedAt: try row.integer(7),
            reason: try row.text(8), payloadLength: try row.count(9))
    }
}

extension Subscription {
    package init(_ row: some StoredRow) throws {
        self.init(
            topic: try row.arn(0), state: try row.value(1), messageID: try row.text(2),
            publishedAt: try row.integer(3), changedAt: try row.integer(4))
    }
}

extension Pause {
    package init(_ row: some StoredRow) throws {
        let name = try row.text(0)
        let account = AccountID(name)
        guard account != nil || name == PauseSQL.all else { throw StoreError.unreadableRow }
        self.init(
            account: account, pausedBy: try row.text(1), pausedAt: try row.integer(2),
            reason: try row.optionalText(3))
    }
}

extension DeliveryRow {
    /// Reads a row that has a name for itself from the second column on.
    package init(_ row: some StoredRow) throws {
        self.init(
            id: try row.text(1), accountRegion: try row.text(2), channel: try row.text(3), state: try row.text(4),
            readyAt: try row.optionalInteger(5), attempts: try row.integer(6), leaseNumber: try row.integer(7),
            leaseOwner: try row.optionalText(8), firstFailedAt: try row.optionalInteger(9),
            lastFailedAt: try row.optionalInteger(10), reason: try row.optionalText(11),
            checkpoint: try row.optionalText(12), completedAt: try row.optionalInteger(13),
            payloadLength: try row.optionalInteger(14))
    }
}

extension StoredRow {
    /// The problem of dead-letter counters that are wrong, with channel and topic in the second column.
    package var counterMismatch: String {
        get throws {
            "The dead-letter counters of \(IntegrityReport.quoted(try text(1))) are wrong."
        }
    }
}

extension IntegrityReport {
    /// The problems of a row. The second column contains its name.
    package static func of<Row: StoredRow>(_ row: Row, _ what: String, _ find: (Row) throws -> [String]) -> [String] {
        let name = "\(what) \(quoted((try? row.text(1)) ?? ""))"
        do {
            return try find(row).map { "\(name) \($0)." }
        } catch {
            return ["\(name) is unreadable or contains an invalid value."]
        }
    }
}

extension ClockMark {
    /// Reads a row of the state of the clock.
    package init(_ row: some StoredRow) throws {
        self.init(newest: try row.integer(0), isConfirmed: try row.flag(1), heldUntil: try row.integer(2))
    }
}
