import AWSCore
import Encoding
import Fixtures
import JSON
import Store
import TestSupport
import Testing

@testable import Admin

@Suite("History") struct HistoryRecorderTests {
    private let day = HistoryPoint.Series.day
    private let month = HistoryPoint.Series.month

    @Test("A point is due once in each step, also after the clock was set back")
    func due() {
        let start = month.start(of: now)
        #expect(HistoryRecorder.due(now: now, after: [:]) == [day: day.start(of: now), month: start])
        let recorded = HistoryRecorder.due(now: start, after: [:])
        #expect(HistoryRecorder.due(now: start + .seconds(899), after: recorded).isEmpty)
        #expect(HistoryRecorder.due(now: start + .seconds(900), after: recorded) == [day: start + .seconds(900)])
        #expect(
            HistoryRecorder.due(now: start - .seconds(1), after: recorded) == [
                day: start - .seconds(900), month: start - .seconds(4 * 3600),
            ])
    }

    @Test("A step begins at a multiple of its length, before 1970 too")
    func starts() {
        #expect(day.start(of: 900_000) == 900_000 && day.start(of: 899_999) == 0)
        #expect(day.start(of: -1) == -900_000 && day.start(of: -900_000) == -900_000)
    }

    @Test("A point sums up all account-Regions")
    func sums() throws {
        var queue = QueueStatus()
        (queue.pending, queue.leased, queue.dead) = (3, 2, 1)
        let (here, there) = (try accountRegion(), try accountRegion("eu-west-1"))
        let point = HistoryPoint(
            at: now,
            findings: [
                OpenFindings(accountRegion: here, kind: .audit, severity: .high, count: 2, unsent: 1),
                OpenFindings(accountRegion: there, kind: .audit, severity: .high, count: 3),
                OpenFindings(accountRegion: there, kind: .audit, severity: nil, count: 9, unsent: 4),
            ], queue: queue)
        #expect(point.counts == [0, 5, 0, 0, 0, 5, 5, 1])
    }

    @Test("The document has the points within its range, oldest first")
    func document() {
        func point(_ at: Timestamp) -> HistoryPoint {
            HistoryPoint(at: at, open: [.critical: 1], unsent: 2, pending: 3, dead: 4)
        }
        let points = [now - day.length, now - day.length + 1, now, now + 1].map(point)
        let json = HistoryRoutes.json(points, of: day, now: now)
        #expect(json["schemaVersion"] == 1 && json["range"] == "24h" && json["stepSeconds"] == 900)
        #expect(json["points"]?.array?.count == 2)
        #expect(
            json["points"]?.array?.last == [
                "at": "2026-11-22T10:00:00Z", "open": ["CRITICAL": 1], "unsent": 2, "pending": 3, "dead": 4,
            ])
    }

    @Test(
        "A range is named exactly",
        arguments: [("range=24h", "24h"), ("range=30d", "30d"), ("", nil), ("range=24h&x", nil), ("range=7d", nil)]
            as [(Substring, String?)])
    func ranges(query: Substring, series: String?) { #expect(HistoryRoutes.series(of: query)?.rawValue == series) }
}
