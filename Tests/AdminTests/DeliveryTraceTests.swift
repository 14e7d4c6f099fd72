import AWSCore
import Encoding
import Fixtures
import JSON
import Store
import TestSupport
import Testing

@testable import AWSClient
@testable import Admin
@testable import Processing

@Suite("Trace of a delivery") struct DeliveryTraceTests {
    private func leased(_ id: String, attempt: Int = 1) throws -> LeasedDelivery {
        let delivery = Delivery(
            id: id, accountRegion: try accountRegion(), channel: .sns, receivedAt: now - 5000, payload: [])
        return LeasedDelivery(
            delivery: delivery, lease: Lease(deliveryID: id, owner: "one:7", until: now, sequence: 1, number: 1),
            attempt: attempt)
    }

    private func call(_ failure: AWSError.Kind? = nil) throws -> AWSCall {
        var call = AWSCall(
            service: .securityHub, operation: "BatchImportFindings", account: try accountRegion().account,
            region: try accountRegion().region, failure: failure, duration: .milliseconds(7))
        (call.status, call.code, call.requestID) = (failure == nil ? 200 : 429, failure == nil ? nil : "Busy", "r-1")
        return call
    }

    private func report(
        _ log: ActivityLog, _ id: String, _ record: DeliveryRecord? = nil, rows: [String: LedgerRow] = [:]
    ) throws -> JSON {
        DeliveryReport(
            id: id, accountRegion: try accountRegion(), record: record, trace: log.traces.trace(of: id), rows: rows,
            replica: "one:7", now: now
        ).json
    }

    @Test("The trace has the steps, the requests of the deliveries in processing, and the findings")
    func whole() throws {
        let log = ActivityLog { now }
        let item = try leased("sns:1")
        log.recordLeases([item])
        try DeliveryScope.$deliveries.withValue(["sns:1", "sns:2"]) { log.recordCall(try call(.throttled)) }
        log.recordCall(try call())
        log.recordFinding(.imported, of: "finding", .high, from: "sns:1")
        log.recordOutcome(of: item.delivery, about: .unknown, nil, as: nil, because: nil)
        let json = try report(log, "sns:1")
        #expect(json["steps"]?.array?.map { $0["step"] } == ["received", "leased", "sent", "completed"])
        #expect(json["steps"]?.array?.first?["at"] == "2026-11-22T09:59:55.123Z")
        #expect(
            json["requests"] == [
                [
                    "at": "2026-11-22T10:00:00.123Z", "service": "securityhub", "operation": "BatchImportFindings",
                    "status": 429, "error": "Busy", "requestId": "r-1", "durationMs": 7,
                ]
            ])
        #expect(json["findings"]?.array?.first?["severity"] == "HIGH" && json["state"] == "completed")
        #expect(json["findings"]?.array?.first?["state"] == .null)
        #expect(json["replica"] == "one:7" && json["attempts"] == 1)
        #expect(
            json["note"]?.string?.hasPrefix(
                "The store does not have the delivery any more. The requests are those of a batch of 2") == true)
    }

    @Test("A failed attempt has its reason, and the store knows when the next one is")
    func failed() throws {
        let log = ActivityLog { now }
        let item = try leased("sns:1", attempt: 3)
        log.recordLeases([item])
        log.recordOutcome(of: item.delivery, about: .unknown, as: .retried, because: "Busy")
        log.recordRelease(of: item.delivery, because: "lost")
        let record = DeliveryRecord(
            accountRegion: try accountRegion(), channel: .sns, receivedAt: now - 5000, state: .pending,
            readyAt: now + 1000, attempts: 3, lastFailedAt: now, reason: "Busy")
        let json = try report(log, "sns:1", record)
        #expect(json["state"] == "waiting" && json["nextAttemptAt"] == "2026-11-22T10:00:01Z")
        #expect(json["lastError"] == "Busy" && json["attempts"] == 3 && json["note"] == .null)
        #expect(json["steps"]?.array?.map { $0["step"] } == ["received", "leased", "retried", "released"])
        let lines = DeliveryText(json).lines
        #expect(lines.contains { $0.hasPrefix("last error") && $0.hasSuffix("Busy") }, "\(lines)")
        #expect(lines.contains("Steps:") && !lines.contains("Findings:"))
    }

    @Test("Without a trace, the state comes from the store, and the note says what is not known")
    func stored() throws {
        let record = DeliveryRecord(
            accountRegion: try accountRegion(), source: "plant", channel: .webhook, receivedAt: now - 5000,
            state: .dead,
            attempts: 2, lastFailedAt: now, reason: "no")
        let json = try report(ActivityLog { now }, "x", record)
        #expect(json["state"] == "dead" && json["lastError"] == "no" && json["source"] == "plant")
        #expect(json["steps"]?.array?.map { $0["step"] } == ["received", "dead"])
        #expect(json["replica"] == .null && json["note"]?.string?.hasPrefix("This replica has not processed") == true)
    }

    @Test("Traces are bounded in number and in size")
    func bounded() throws {
        let log = ActivityLog { now }
        for number in 0...DeliveryTraceLog.deliveryLimit { log.recordLeases([try leased("sns:\(number)")]) }
        #expect(log.traces.trace(of: "sns:0") == nil && log.traces.trace(of: "sns:1") != nil)
        for number in 0..<100 {
            try DeliveryScope.$deliveries.withValue(["sns:1"]) { log.recordCall(try call()) }
            log.recordFinding(.updated, of: "finding \(number)", nil, from: "sns:1")
        }
        let trace = try #require(log.traces.trace(of: "sns:1"))
        #expect(trace.requests.entries.count == 20 && trace.requests.omitted == 80)
        #expect(trace.findings.entries.last?.id == "finding 99" && trace.steps.entries.count == 20)
        #expect(trace.steps.omitted == 82)
        log.recordRelease(of: try leased("sns:1").delivery, because: String(repeating: "x", count: 9999))
        #expect(log.traces.trace(of: "sns:1")?.steps.entries.last?.detail?.count == DeliveryTrace.detailLength)
    }
}
