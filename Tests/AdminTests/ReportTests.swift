import AWSCore
import Encoding
import Fixtures
import JSON
import Store
import TestSupport
import Testing

@testable import Admin
@testable import Processing

@Suite("Reports") struct ReportTests {
    private func depth(
        _ state: QueueDepth.State, _ count: Int, age seconds: Int64, region: String = "us-east-1"
    ) throws -> QueueDepth {
        QueueDepth(
            accountRegion: try accountRegion(region), state: state, count: count, oldestReceivedAt: now - seconds * 1000
        )
    }

    @Test("A table aligns its columns and escapes control characters")
    func table() {
        let lines = TextTable.lines(
            [["a", "n", "b"], ["\u{1B}[2J", "10", "x"], ["é", "5", ""]], alignedRight: 1...1)
        #expect(lines == ["a           n  b", "\\u{1B}[2J  10  x", "é           5  "])
    }

    @Test("The queue is reported by account-Region and state; dead letters have no age")
    func queue() throws {
        let scope = try #require(AccountID("111122223333").map(Pause.Scope.account))
        let pause = Pause(scope, pausedBy: "ada@host", pausedAt: now, reason: nil)
        let report = QueueReport(
            depths: [
                try depth(.pending, 2, age: 10), try depth(.dead, 4, age: 9000),
                try depth(.waiting, 3, age: 70, region: "eu-west-1"),
                try depth(.leased, 1, age: 5, region: "eu-west-1"),
            ], pauses: [pause], now: now)
        #expect(
            report.lines == [
                "Sending to Security Hub is paused for account 111122223333 since 2026-11-22T10:00:00.123Z by ada@host",
                "account/Region          pending  waiting  leased  dead  oldest",
                "111122223333/eu-west-1        0        3       1     0  1m 10s",
                "111122223333/us-east-1        2        0       0     4     10s",
                "total                         2        3       1     4  1m 10s",
            ])
        let json = report.json
        #expect(json["pending"] == 2 && json["waiting"] == 3 && json["leased"] == 1 && json["dead"] == 4)
        #expect(json["oldestAgeSeconds"] == 70)
        let accountRegions = try #require(json["accountRegions"]?.array)
        #expect(accountRegions.map { $0["region"]?.string } == ["eu-west-1", "us-east-1"])
        #expect(accountRegions[1]["oldestAgeSeconds"] == 10)
        #expect(
            accountRegions[1]["states"] == [
                "pending": ["count": 2, "oldestAgeSeconds": 10], "dead": ["count": 4, "oldestAgeSeconds": 9000],
            ])
        #expect(
            json["pauses"] == [
                ["account": "111122223333", "by": "ada@host", "since": "2026-11-22T10:00:00.123Z", "reason": nil]
            ])
    }

    @Test("An empty queue, and one with only dead letters, have no oldest age")
    func noAge() throws {
        let empty = QueueReport(depths: [], pauses: [], now: now)
        #expect(empty.lines == ["The queue is empty."])
        #expect(empty.json["oldestAgeSeconds"] == .null && empty.json["pending"] == 0)
        let dead = QueueReport(depths: [try depth(.dead, 1, age: 5)], pauses: [], now: now)
        #expect(dead.json["oldestAgeSeconds"] == .null)
        #expect(dead.lines.last?.hasSuffix("     1       -") == true, "\(dead.lines)")
    }

    private func letter(_ payload: [UInt8], reason: String = "throttled\u{7}") throws -> DeadLetter {
        DeadLetter(
            delivery: Delivery(
                id: "sns:1", accountRegion: try accountRegion(), channel: .sns, receivedAt: now, payload: payload),
            attempts: 3, firstFailedAt: now + 1000, lastFailedAt: now + 2000, reason: reason)
    }

    @Test("A dead letter is reported with all members and its unchanged payload")
    func deadLetter() throws {
        let text = Array(#"{"a":"é"}"#.utf8)
        let json = DeadLetterReport.jsonWithPayload(try letter(text))
        #expect(
            json == [
                "id": "sns:1", "account": "111122223333", "region": "us-east-1", "channel": "sns",
                "receivedAt": "2026-11-22T10:00:00.123Z", "attempts": 3, "firstFailedAt": "2026-11-22T10:00:01.123Z",
                "lastFailedAt": "2026-11-22T10:00:02.123Z", "reason": "throttled\u{7}", "payloadBytes": 10,
                "payload": "{\"a\":\"é\"}",
            ])
        #expect(DeadLetterReport.jsonWithPayload(try letter([0xFF]))["payloadBase64"] == "/w==")
        let lines = DeadLetterReport.lines(try letter(text))
        #expect(lines.contains("reason          throttled\\u{7}"), "\(lines)")
        #expect(lines.suffix(4) == ["", "{", "  \"a\": \"é\"", "}"], "\(lines)")
        #expect(DeadLetterReport.lines(try letter(Array("no\u{1B}\njson".utf8))).suffix(2) == ["no\\u{1B}", "json"])
        #expect(DeadLetterReport.lines(try letter([0xFF])).last == "/w==")
    }

    @Test("A list of dead letters has one line for each, whatever the reason contains")
    func list() throws {
        let letters = [try letter([]), try letter([], reason: String(repeating: "é\n", count: 500))]
        let lines = DeadLetterReport.lines(letters, now: now + 62_000)
        #expect(lines.count == 3)
        #expect(lines[1] == "sns:1  111122223333/us-east-1  sns             3  1m 0s ago  throttled\\u{7}")
        #expect(lines[2].hasSuffix("\\u{A}…") && lines[2].count < 600)
        #expect(DeadLetterReport.lines([], now: now) == ["No matching dead letters."])
    }
}
