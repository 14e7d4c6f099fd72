import AWSCore
import CoreMetrics
import DeviceDefender
import Encoding
import ErrorCodes
import Fixtures
import Foundation
import HTTPTypes
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Bridge
@testable import Intake
@testable import Planning
@testable import Processing
@testable import Telemetry

@Suite("Metrics") struct MetricsTests {
    private func value(_ series: String, in registry: PrometheusRegistry) -> String? {
        registry.text().split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .map { String($0.dropFirst(series.count + 1)) }
    }

    private func accountRegions(_ count: Int) throws -> [AccountRegion] {
        try (0..<count).map { number in
            AccountRegion(
                account: try #require(AccountID(String(111_122_220_000 + number))),
                region: try #require(Region("us-east-1")))
        }
    }

    // MARK: Accounts and Regions

    @Test("The limiter admits the first values up to its limit, permanently")
    func limit() {
        var limiter = SeriesLimiter<String>(2)
        let admitted = ["a", "b", "c", "a", "c", "b"].map { limiter.admits($0) }
        #expect(admitted == [true, true, false, true, false, true])
    }

    @Test("Account-Regions beyond the limit share series, with values folded by the metric's function")
    func others() throws {
        let all = try accountRegions(4)
        let series = LabelCardinalityLimiter(limit: 2)
        #expect(series.labels(of: all[3]).account == all[3].account.digits)
        let values = all.enumerated().flatMap { index, accountRegion in
            [("a", Double(index + 1)), ("b", 10)].map {
                LabelCardinalityLimiter.Value(accountRegion, [("state", $0.0)], $0.1)
            }
        }
        func text(_ fold: (Double, Double) -> Double) -> [String: Double] {
            Dictionary(
                uniqueKeysWithValues: series.samples(values, folding: fold).map { sample in
                    (sample.labels.map { "\($0.0)=\($0.1)" }.joined(separator: ","), sample.value)
                })
        }
        let own = [all[0], all[3]].map { "account=\($0.account.digits),region=us-east-1" }
        let other = "account=other,region=other"
        #expect(
            text(+) == [
                own[0] + ",state=a": 1, own[0] + ",state=b": 10, own[1] + ",state=a": 4, own[1] + ",state=b": 10,
                other + ",state=a": 5, other + ",state=b": 20,
            ])
        #expect(text(min)[other + ",state=a"] == 2 && text(max)[other + ",state=a"] == 3)
    }

    // MARK: Intake

    @Test("Deliveries are counted by outcome, and rejected or deferred ones also by error code")
    func intake() throws {
        let registry = PrometheusRegistry()
        let metrics = IntakeMetrics(registry)
        let series = #"defender_bridge_deliveries_total{outcome="%",route="/sns"}"#
        func count(_ outcome: String) -> String? { value(series.replacing("%", with: outcome), in: registry) }
        #expect(count("stored") == "0" && count("rejected") == "0" && count("deferred") == "0")
        let last = #"defender_bridge_last_delivery_timestamp_seconds{route="/sns"}"#
        let error = IntakeError(code: .topicNotAllowed, message: "")
        metrics.record(.rejected(error, .forbidden), route: "/sns", after: .zero, now: 1000)
        metrics.record(.deferred(.queueFull), route: "/sns", after: .zero, now: 1000)
        #expect(value(last, in: registry) == "0")
        let new = QueuedDelivery(delivery("1", [:], of: try accountRegion()), senderID: nil, isNew: true)
        let stored = IntakeResult.accepted(AcceptedDeliveries(queued: [new]))
        metrics.record(stored, route: "/sns", after: .milliseconds(30), now: 1500)
        #expect(count("stored") == "1" && count("rejected") == "1" && count("deferred") == "1")
        #expect(value(last, in: registry) == "1.5")
        for reason in ["topic_not_allowed", "queue_full"] {
            #expect(
                value(#"defender_bridge_refusals_total{reason="\#(reason)",route="/sns"}"#, in: registry) == "1")
        }
        #expect(value(#"defender_bridge_delivery_duration_seconds_count{route="/sns"}"#, in: registry) == "3")
    }

    // MARK: Findings

    private func change(
        at time: Timestamp = now, event: String = "in-alarm", known: LedgerEntry? = nil
    ) throws -> Change {
        try #require(
            Planner.plan(
                [observation(at: time, event: event)], known: known, disposition: nil,
                now: now + 10_000))
    }

    @Test("The result of a finding is imported first, then updated; archived, rejected, or nil for a retry")
    func results() throws {
        let first = try change()
        #expect(FindingResult(first, known: nil, outcome: .imported) == .imported)
        #expect(FindingResult(first, known: first.entry, outcome: .imported) == .imported)
        #expect(FindingResult(first, known: first.entry.sent, outcome: .imported) == .updated)
        #expect(FindingResult(first, known: nil, outcome: .rejected("")) == .rejected)
        for outcome in [SendOutcome.retryable(""), .accessDenied(""), nil] {
            #expect(FindingResult(first, known: nil, outcome: outcome) == nil)
        }
        let cleared = try change(at: now + 1, event: "alarm-cleared", known: first.entry.sent)
        #expect(FindingResult(cleared, known: first.entry.sent, outcome: .imported) == .archived)
    }

    @Test("The event delay is recorded for new events only, not when a finding is sent again")
    func delay() throws {
        let registry = PrometheusRegistry(buckets: BridgeMetrics.buckets)
        let metrics = ProcessingMetrics(registry)
        let first = try change()
        func count() -> String? {
            value(#"defender_bridge_event_delay_seconds_count{kind="violation"}"#, in: registry)
        }
        metrics.sent(first, .rejected, known: nil, now: now + 2000)
        #expect(count() == "0")
        metrics.sent(first, .imported, known: nil, now: now + 2000)
        #expect(count() == "1")
        #expect(value(#"defender_bridge_event_delay_seconds_sum{kind="violation"}"#, in: registry) == "2")
        // A refresh.
        metrics.sent(first, .updated, known: first.entry.sent, now: now + 86_400_000)
        #expect(count() == "1")
        // A finding that may not have been sent is measured from its event.
        metrics.sent(first, .imported, known: first.entry, now: now + 3000)
        #expect(count() == "2")
        let later = try change(at: now + 1000, event: "alarm-cleared", known: first.entry.sent)
        metrics.sent(later, .archived, known: first.entry.sent, now: now + 1500)
        #expect(count() == "3")
        let series = #"defender_bridge_findings_total{kind="violation",outcome="%",severity="high"}"#
        for (outcome, count) in [("imported", "2"), ("updated", "1"), ("archived", "1"), ("rejected", "1")] {
            #expect(value(series.replacing("%", with: outcome), in: registry) == count, "\(outcome)")
        }
    }

    // MARK: The process

    @Test("The start time is parsed after the process name, whatever that contains")
    func start() throws {
        let fields = (3...30).map { $0 == 22 ? "4200" : "\($0)" }.joined(separator: " ")
        let plain = try #require(ProcessMetricsSource.start(statistics: "1 (bridge) \(fields)\n"))
        let odd = try #require(ProcessMetricsSource.start(statistics: "1 (a) b (c 9 9) \(fields)\n"))
        #expect(abs(plain - odd) < 1)
        for text in ["", "1 (bridge", "1 (bridge) S 1 2"] {
            #expect(ProcessMetricsSource.start(statistics: text) == nil)
        }
    }

    @Test("Process metrics come from the operating system")
    func process() throws {
        let status = ProcessMetricsSource()
        #expect(status.processorSeconds > 0)
        #expect(try #require(status.residentMemory) > 1_000_000)
        #expect(try #require(status.virtualMemory) >= #require(status.residentMemory))
        let files = try (0..<20).map { _ in try #require(FileHandle(forReadingAtPath: "/dev/null")) }
        #expect(try #require(ProcessMetricsSource().openDescriptors) >= 20)
        #expect(status.startedAt != nil && ProcessMetricsSource().startedAt == status.startedAt)
        #expect(try #require(status.maximumDescriptors) >= UInt64(files.count))
        let age = Date().timeIntervalSince1970 - (try #require(status.startedAt))
        #expect((-1...86_400).contains(age))
    }

    // MARK: The documentation

    @Test("metrics.md lists each metric with its help text, and no other")
    func table() throws {
        let rows = try Repository.text(of: "deploy/docs/metrics.md").split(separator: "\n")
            .filter { $0.hasPrefix("| `defender_bridge_") || $0.hasPrefix("| `process_") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
        #expect(rows.count == BridgeMetrics.help.count)
        for row in rows {
            let name = row[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
            let help = try #require(BridgeMetrics.help[name], "metrics.md lists \(name)")
            // The cell of the labels may be empty. An explanation may follow the help text.
            #expect(row.contains { $0 == help || $0.hasPrefix(help + " ") }, "metrics.md explains \(name) differently")
        }
    }
}
