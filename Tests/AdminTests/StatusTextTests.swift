import JSON
import Testing

@testable import Admin

@Suite("Status as text") struct StatusTextTests {
    private static func problem(_ severity: String, _ summary: String) -> JSON {
        ["severity": .string(severity), "summary": .string(summary), "remediation": "Fix it."]
    }

    private static func document(state: String, _ problems: JSON...) -> JSON {
        [
            "version": "1.2.3", "at": "2026-11-22T10:00:00Z", "uptimeSeconds": 90,
            "health": ["state": .string(state), "problems": .array(problems)],
            "queue": [
                "pending": 5, "leased": 1, "completed": 7, "dead": 2, "oldestReceivedAt": "2026-11-22T09:58:59Z",
            ],
            "deadLetters": ["total": 2, "bytes": 300, "dropped": 0],
            "accountRegions": [
                [
                    "account": "111122223333", "region": "eu-central-1", "pending": 0, "leased": 0, "dead": 0,
                    "paused": false, "denied": nil,
                ],
                [
                    "account": "111122223333", "region": "us-east-1", "pending": 5, "leased": 1, "dead": 2,
                    "oldestPendingAt": "2026-11-22T09:58:59Z", "paused": false, "denied": nil,
                ],
                [
                    "account": "444455556666", "region": "us-east-1", "pending": 1, "leased": 0, "dead": 0,
                    "oldestPendingAt": "2026-11-22T09:00:00Z", "paused": true, "denied": ["cause": "accessDenied"],
                ],
            ],
            "sources": [["name": "plant", "configured": false, "denied": 0, "pending": 0, "leased": 0, "dead": 0]],
        ]
    }

    @Test("Problems are shown with their remediation, then account-Regions and sources with problems, then the queue")
    func lines() {
        let text = StatusText(
            Self.document(state: "failing", Self.problem("critical", "Denied\u{1B}."), Self.problem("warning", "Late."))
        )
        #expect(
            text.lines { word, isCritical in isCritical ? "<\(word)>" : word } == [
                "Defender Bridge 1.2.3: failing, up 1m 30s", "",
                "<critical>    Denied\\u{1B}.", "            → Fix it.", "warning     Late.", "            → Fix it.",
                "",
                "account/Region          pending  leased  dead  oldest  problems",
                "111122223333/us-east-1        5       1     2   1m 1s  late, dead letters",
                "444455556666/us-east-1        1       0     0   1h 0m  denied, paused",
                "source plant                  0       0     0       -  not configured", "",
                "Queue: pending 5, leased 1, completed 7, oldest 1m 1s", "Dead letters: 2, 300 bytes, dropped 0",
            ])
    }

    @Test("The commands of a problem are shown, and the first affected places if there are several")
    func places() {
        func problem(_ count: Int, omitted: Int64 = 0) -> JSON {
            [
                "severity": "warning", "summary": "Late.", "remediation": "", "commands": ["defender-bridge queue"],
                "affected": .array(
                    (0..<count).map {
                        ["account": .string("11112222333\($0)"), "region": "us-east-1", "detail": "since 5\u{1B}"]
                    }),
                "affectedOmitted": .integer(omitted),
            ]
        }
        func lines(_ problem: JSON) -> [String] {
            let text = StatusText(["health": ["state": "attention", "problems": [problem]]])
            return text.lines().drop { !$0.hasPrefix("warning") }.prefix { !$0.isEmpty }.map { $0.dropFirst(12) }.map(
                String.init)
        }
        #expect(lines(problem(1)) == ["Late.", "$ defender-bridge queue"])
        #expect(
            lines(problem(2)) == [
                "Late.", "$ defender-bridge queue", "111122223330/us-east-1: since 5\\u{1B}",
                "111122223331/us-east-1: since 5\\u{1B}",
            ])
        #expect(lines(problem(7, omitted: 100)).last == "and 102 more; see --json or the status page")
        #expect(lines(problem(7, omitted: .max)).last == "and \(Int64.max) more; see --json or the status page")
    }

    @Test("Health is critical if findings do not arrive, are late or lost, or if it is unknown")
    func isCritical() {
        #expect(!StatusText(Self.document(state: "working")).isCritical)
        #expect(!StatusText(Self.document(state: "attention", Self.problem("warning", "x"))).isCritical)
        #expect(StatusText(Self.document(state: "attention", Self.problem("critical", "x"))).isCritical)
        for state in ["failing", "unknown", "new"] { #expect(StatusText(Self.document(state: state)).isCritical) }
        #expect(StatusText([:]).isCritical)
    }

    @Test("What the store cannot provide is unknown")
    func unknown() {
        let text = StatusText([
            "health": ["state": "unknown", "problems": []], "queue": nil, "deadLetters": nil, "accountRegions": [],
        ])
        #expect(text.lines().last == "Queue and dead letters: unknown, the store is unavailable")
        #expect(!StatusText(3).lines().isEmpty)
    }
}
