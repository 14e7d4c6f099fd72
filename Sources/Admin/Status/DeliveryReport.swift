import AWSClient
import AWSCore
import DequeModule
import Encoding
import JSON
import Processing
import SecurityFindings
import Store

/// The way of a delivery: what the store knows of it, and what this process did with it. A pure value.
struct DeliveryReport: Sendable {
    let id: String
    let accountRegion: AccountRegion
    /// What the queue knows; nil if it does not know the id.
    let record: DeliveryRecord?
    /// What this process did; nil if it did nothing, or if that is too long ago.
    let trace: DeliveryTrace?
    /// The findings of the trace that are in the ledger, by id.
    let rows: [String: LedgerRow]
    /// The name of this replica.
    let replica: String
    let now: Timestamp

    /// The document.
    var json: JSON {
        [
            "schemaVersion": .integer(StatusReport.schemaVersion), "id": .string(id),
            "account": .string(accountRegion.account.digits), "region": .string(accountRegion.region.name),
            "source": (record?.source ?? trace?.source).map(JSON.string) ?? .null,
            "channel": (record?.channel ?? trace?.channel).map { .string($0.name) } ?? .null,
            "subject": (trace?.subject).map(JSON.string) ?? .null,
            "receivedAt": .time(record?.receivedAt ?? trace?.receivedAt), "state": .string(state),
            "attempts": .integer(max(record?.attempts ?? 0, trace?.attempts ?? 0)),
            "nextAttemptAt": .time(nextAttemptAt), "lastError": lastError.map(JSON.string) ?? .null,
            "steps": .array(steps.map(Self.json)), "stepsOmitted": .integer(trace?.steps.omitted ?? 0),
            "requests": .array((trace?.requests.entries ?? []).map(Self.json)),
            "requestsOmitted": .integer(trace?.requests.omitted ?? 0),
            "findings": .array(findings), "findingsOmitted": .integer(trace?.findings.omitted ?? 0),
            "replica": (record?.leaseOwner ?? (trace == nil ? nil : replica)).map(JSON.string) ?? .null,
            "note": note.map(JSON.string) ?? .null,
        ]
    }

    private var state: String {
        guard let record else { return trace?.lastState?.rawValue ?? "unknown" }
        return nextAttemptAt != nil && record.lastFailedAt != nil ? "waiting" : record.state.rawValue
    }

    private var nextAttemptAt: Timestamp? {
        guard record?.state == .pending, let readyAt = record?.readyAt, readyAt > now else { return nil }
        return readyAt
    }

    private var lastError: String? {
        record?.reason ?? trace?.steps.entries.last { $0.kind == .retried || $0.kind == .dead }?.detail
    }

    /// The steps of this process, or those that the store implies.
    private var steps: [DeliveryTrace.Step] {
        if let trace { return Array(trace.steps.entries) }
        guard let record else { return [] }
        let received = DeliveryTrace.Step(at: record.receivedAt, kind: .received, detail: "by \(record.channel.name)")
        let completed = record.completedAt.map { DeliveryTrace.Step(at: $0, kind: .completed) }
        let failed = record.lastFailedAt.map {
            DeliveryTrace.Step(at: $0, kind: record.state == .dead ? .dead : .retried, detail: record.reason)
        }
        return [received, failed, completed].compactMap(\.self).sorted { $0.at < $1.at }
    }

    private var findings: [JSON] {
        var seen: Set<String> = []
        return (trace?.findings.entries ?? []).reversed().filter { seen.insert($0.id).inserted }.map { finding in
            let entry = rows[finding.id]?.entry
            let severity = entry?.severity ?? finding.severity
            return [
                "id": .string(finding.id), "severity": severity.map { .string($0.rawValue) } ?? .null,
                "state": entry.map { .string($0.recordState.rawValue) } ?? .null,
                "result": finding.result.map { .string($0.rawValue) } ?? .null,
                "consoleUrl": entry.map { _ in
                    .string(ConsolePage.finding(id: finding.id, accountRegion: accountRegion))
                } ?? .null,
            ]
        }
    }

    private var note: String? {
        guard let trace else {
            return "This replica has not processed the delivery since it started, or has processed "
                + "\(DeliveryTraceLog.deliveryLimit) others since: attempts, requests and findings are in the log of the "
                + "replica that processed it."
        }
        let parts = [
            record == nil ? "The store does not have the delivery any more." : nil,
            trace.batchCount > 1
                ? "The requests are those of a batch of \(trace.batchCount) deliveries that were processed together."
                : nil,
        ]
        let note = parts.compactMap(\.self).joined(separator: " ")
        return note.isEmpty ? nil : note
    }

    private static func json(_ step: DeliveryTrace.Step) -> JSON {
        [
            "at": .string(step.at.iso8601), "step": .string(step.kind.rawValue),
            "detail": step.detail.map(JSON.string) ?? .null,
        ]
    }

    private static func json(_ request: DeliveryTrace.Request) -> JSON {
        let call = request.call
        return [
            "at": .string(request.at.iso8601), "service": .string(call.service.rawValue),
            "operation": .string(call.operation), "status": call.status.map { .integer($0) } ?? .null,
            "error": (call.code ?? call.failure?.rawValue).map(JSON.string) ?? .null,
            "requestId": call.requestID.map(JSON.string) ?? .null,
            "durationMs": call.duration.map { .integer($0.milliseconds) } ?? .null,
        ]
    }
}
