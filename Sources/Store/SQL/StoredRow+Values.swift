package import AWSCore
import Encoding

extension Delivery {
    /// Reads a delivery.
    package init(_ row: some StoredRow, payload: [UInt8]) throws {
        let lane = try row.lane("origin")
        self.init(
            id: try row.text("id"), accountRegion: lane.accountRegion, source: lane.source,
            channel: try row.value("source"), topic: lane.source == nil ? try row.optionalARN("topic") : nil,
            receivedAt: try row.timestamp("received_at"), payload: payload)
    }
}

extension DeadLetter {
    /// Reads a dead letter with its payload.
    package init(_ row: some StoredRow) throws {
        self.init(
            delivery: try Delivery(row, payload: row.bytes("payload")), attempts: try row.count("attempts"),
            firstFailedAt: try row.timestamp("first_failed_at"), lastFailedAt: try row.timestamp("last_failed_at"),
            reason: try row.text("reason"))
    }
}

extension DeadLetterSummary {
    /// Reads a dead letter without its payload.
    package init(_ row: some StoredRow) throws {
        let lane = try row.lane("origin")
        self.init(
            id: try row.text("id"), accountRegion: lane.accountRegion, source: lane.source,
            channel: try row.value("source"), receivedAt: try row.timestamp("received_at"),
            attempts: try row.count("attempts"), firstFailedAt: try row.timestamp("first_failed_at"),
            lastFailedAt: try row.timestamp("last_failed_at"), reason: try row.text("reason"),
            payloadLength: try row.count("payload_length"))
    }
}

extension DeliveryRecord {
    /// Reads what is known about a delivery.
    package init(_ row: some StoredRow) throws {
        let lane = try row.lane("origin")
        self.init(
            accountRegion: lane.accountRegion, source: lane.source, channel: try row.value("source"),
            receivedAt: try row.timestamp("received_at"), state: try row.value("state"),
            readyAt: try row.optionalTimestamp("ready_at"), attempts: try row.count("attempts"),
            leaseOwner: try row.optionalText("lease_owner"), lastFailedAt: try row.optionalTimestamp("last_failed_at"),
            reason: try row.optionalText("reason"), completedAt: try row.optionalTimestamp("completed_at"))
    }
}

extension DeadLetterShare {
    /// Reads the number and size of dead letters of a share.
    ///
    /// - Parameter sign: -1 to subtract them.
    package init(_ row: some StoredRow, sign: Int = 1) throws {
        self.init(
            channel: try row.text("source"), name: try row.text("topic"),
            load: DeadLetterLoad(count: try row.count("count") &* sign, bytes: try row.count("bytes") &* sign))
    }
}

extension DeadLetterUsage {
    /// Reads the number and size by channel.
    package init(loads rows: some Sequence<some StoredRow>) throws {
        self.init()
        for row in rows {
            // Channels of later versions are skipped.
            guard let channel = Delivery.Channel(rawValue: try row.text("source")) else { continue }
            loads[channel] = DeadLetterLoad(count: try row.count("count"), bytes: try row.count("bytes"))
            dropped += try row.count("dropped")
        }
    }
}

extension LedgerRow {
    /// Reads a finding.
    package init(_ row: some StoredRow) throws {
        let content = try LedgerContent(stored: row.bytes("finding_content"))
        let entry = LedgerEntry(
            id: content.id, accountRegion: try row.accountRegion("origin"), kind: try row.value("kind"),
            group: try row.text("group_name"), subject: content.subject,
            createdAt: try row.timestamp("created_at"), updatedAt: try row.timestamp("updated_at"),
            eventTime: try row.timestamp("event_time"), firstObservedAt: try row.timestamp("first_observed_at"),
            lastObservedAt: try row.timestamp("last_observed_at"), condition: try row.value("condition"),
            recordState: try row.value("record_state"), severity: try row.optionalValue("severity"),
            finding: content.finding, digest: try row.optionalBytes("digest"), report: try SourceReport(row),
            isSent: try row.flag("is_sent"))
        self.init(number: try row.integer("number"), entry: entry)
    }
}

extension SourceReport {
    /// Reads the reports of a mapped finding; nil for other kinds.
    init?(_ row: some StoredRow) throws {
        guard let source = try row.optionalText("source_name") else { return nil }
        self.init(
            source: source, lastReportedAt: try row.timestamp("last_reported_at"),
            sequence: try row.integer("last_sequence"))
    }
}

extension LedgerPosition {
    /// Reads the place of a finding.
    package init(_ row: some StoredRow) throws {
        self.init(storedTime: try row.integer("event_time"), number: try row.integer("number"))
    }
}

extension Disposition {
    /// Reads a disposition.
    package init(_ row: some StoredRow) throws {
        self.init(
            subject: try row.text("subject"), accountRegion: try row.accountRegion("origin"),
            time: try row.timestamp("time"), dueAt: try row.optionalTimestamp("due_at"),
            keepUntil: try row.optionalTimestamp("keep_until"), content: try row.bytes("content"))
    }
}

extension AppliedAudit {
    /// Reads an applied audit.
    package init(_ row: some StoredRow, of accountRegion: AccountRegion) throws {
        self.init(
            accountRegion: accountRegion, check: try row.text("check_name"), startTime: try row.timestamp("start_time"),
            taskID: try row.text("task_id"))
    }
}

extension CheckCompletion {
    /// Reads a check completion.
    package init(_ row: some StoredRow) throws {
        self.init(
            accountRegion: try row.accountRegion("origin"), check: try row.text("check_name"),
            completedAt: try row.timestamp("completed_at"), passedAt: try row.optionalTimestamp("passed_at"))
    }
}

extension AuditCoverage {
    /// Reads an audit coverage.
    package init(_ row: some StoredRow) throws {
        self.init(since: try row.timestamp("read_from"), until: try row.timestamp("read_to"))
    }
}

extension FinishedAudit {
    /// Reads a finished audit.
    package init(_ row: some StoredRow) throws {
        let schedule = try row.text("schedule")
        self.init(
            accountRegion: try row.accountRegion("origin"), schedule: schedule.isEmpty ? nil : schedule,
            taskID: try row.text("task_id"), startTime: try row.timestamp("start_time"),
            finishedAt: try row.optionalTimestamp("finished_at"))
    }
}

extension OpenFindings {
    /// Reads the number of findings of an account-Region, kind, source and severity; nil for a kind of a later version.
    package init?(_ row: some StoredRow) throws {
        guard let kind = LedgerEntry.Kind(rawValue: try row.text("kind")) else { return nil }
        self.init(
            accountRegion: try row.accountRegion("origin"), kind: kind, source: try row.optionalText("source_name"),
            severity: try row.optionalValue("severity"), count: try row.count("active"),
            unsent: try row.count("unsent"))
    }
}

extension LedgerCounts {
    /// Reads the numbers of findings.
    package init(_ row: some StoredRow) throws {
        self.init(
            active: try row.count("active"), archived: try row.count("archived"), unsent: try row.count("unsent"))
    }
}

extension Subscription {
    /// Reads a subscription.
    package init(_ row: some StoredRow) throws {
        self.init(
            topic: try row.arn("topic"), state: try row.value("state"), messageID: try row.text("message_id"),
            publishedAt: try row.timestamp("published_at"), changedAt: try row.timestamp("changed_at"))
    }
}

extension Pause {
    /// Reads a pause.
    package init(_ row: some StoredRow) throws {
        guard let scope = Pause.Scope(stored: try row.text("account")) else { throw StoreError.unreadableRow }
        self.init(
            scope, pausedBy: try row.text("paused_by"), pausedAt: try row.timestamp("paused_at"),
            reason: try row.optionalText("reason"))
    }
}

extension ClockMark {
    /// Reads the state of the clock.
    package init(_ row: some StoredRow) throws {
        self.init(
            newest: try row.timestamp("newest"), isConfirmed: try row.flag("is_confirmed"),
            heldUntil: try row.timestamp("held_until"), outageEndedAt: try row.timestamp("outage_ended_at"))
    }
}

extension DeliveryRow {
    /// Reads the columns of a delivery.
    package init(_ row: some StoredRow) throws {
        self.init(
            id: try row.text("id"), lane: try row.text("origin"), channel: try row.text("source"),
            state: try row.text("state"), readyAt: try row.optionalTimestamp("ready_at"),
            attempts: try row.integer("attempts"), leaseNumber: try row.integer("lease_number"),
            leaseOwner: try row.optionalText("lease_owner"),
            firstFailedAt: try row.optionalTimestamp("first_failed_at"),
            lastFailedAt: try row.optionalTimestamp("last_failed_at"), reason: try row.optionalText("reason"),
            checkpoint: try row.optionalText("bookmark"), completedAt: try row.optionalTimestamp("completed_at"),
            payloadLength: try row.optionalInteger("payload_length"))
    }
}

extension QueueDepth {
    /// Reads the number of deliveries in a state, and the oldest one's time of receipt; nil if there are none.
    package init?(_ row: some StoredRow, of lane: DeliveryLane, _ state: State) throws {
        guard let oldest = try row.optionalTimestamp("oldest_\(state.rawValue)") else { return nil }
        self.init(
            accountRegion: lane.accountRegion, source: lane.source, state: state,
            count: try row.count(state.rawValue), oldestReceivedAt: oldest)
    }
}

extension StoredRow {
    /// The problem of wrong dead-letter counters of the channel, or channel and share, in the column `name`.
    package var counterMismatch: String {
        get throws {
            "The dead-letter counters of \(IntegrityReport.quoted(try text("name"))) are wrong."
        }
    }
}

extension StoredRow {
    /// The problem of wrong finding counters of the account-Region in the column `name`.
    package var findingCounterMismatch: String {
        get throws { "The finding counters of \(IntegrityReport.quoted(try text("name"))) are wrong." }
    }

    /// The problems of a finding.
    package var findingProblems: [String] {
        get throws {
            let entry = try LedgerRow(self).entry
            try Limits.check([entry])
            let isFound =
                try bytes("id_hash") == LedgerRecord.hash(entry.id)
                && bytes("subject_hash") == LedgerRecord.hash(entry.subject)
            return (entry.finding.isEmpty ? ["has no content"] : []) + (isFound ? [] : ["has a wrong key"])
        }
    }
}

extension IntegrityReport {
    /// The problems of a row with its name in the column `name`.
    package static func of<Row: StoredRow>(_ row: Row, _ what: String, _ find: (Row) throws -> [String]) -> [String] {
        // The id of a finding says more than its row number.
        let content = try? LedgerContent(stored: row.bytes("finding_content"))
        let name = "\(what) \(quoted(content?.id ?? (try? row.text("name")) ?? ""))"
        do {
            return try find(row).map { "\(name) \($0)." }
        } catch {
            return ["\(name) is unreadable or contains an invalid value."]
        }
    }
}
