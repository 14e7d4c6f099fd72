import DeviceDefender
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import Bridge

@Suite struct SmallRulesTests {
    @Test(
        "In no window are there more tokens than the burst and what the rate gives", arguments: 0..<50 as Range<UInt64>)
    func tokenBucket(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Double.random(in: 0.1...200, using: &random)
        let burst = Int.random(in: 1...40, using: &random)
        var bucket = TokenBucket(rate: rate, burst: burst)
        var now = Duration.zero
        var uses: [Duration] = []
        for _ in 0..<300 {
            if Bool.random(using: &random) { now += .seconds(Double.random(in: 0...0.2, using: &random)) }
            uses.append(now + bucket.take(now: now))
        }
        #expect(zip(uses, uses.dropFirst()).allSatisfy { $0.0 <= $0.1 })
        var isWithin = true
        for (first, start) in uses.enumerated() {
            for (count, end) in uses[first...].enumerated() {
                let window = (end - start) / .seconds(1)
                isWithin = isWithin && Double(count + 1) <= Double(burst) + rate * window + 1e-6
            }
        }
        #expect(isWithin)
    }

    @Test("A full bucket gives its burst at once and then one in each interval")
    func tokenBucketBurst() {
        var bucket = TokenBucket(rate: 10, burst: 3)
        let waits = (0..<5).map { _ in bucket.take(now: .seconds(7)) }
        #expect(waits == [.zero, .zero, .zero, .milliseconds(100), .milliseconds(200)])
        #expect((0..<3).map { _ in bucket.take(now: .seconds(60)) } == [.zero, .zero, .zero])
    }

    @Test(
        "A duration is a number and a unit",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("0s", .zero), ("30s", .seconds(30)), ("15m", .seconds(900)),
            ("1h", .seconds(3600)), ("7d", .seconds(604_800)), ("999999999d", .seconds(999_999_999 * 86_400)),
        ])
    func duration(text: String, expected: Duration) { #expect(Duration(text) == expected) }

    @Test(
        "Anything else is no duration",
        arguments: ["", "1", "h", "-1h", "1.5h", "1 h", "1H", "1hs", " 1h", "1h ", "10000000000s", "١h", "1h30m"])
    func noDuration(text: String) { #expect(Duration(text) == nil) }

    @Test("A secret is matched as a whole and never shown")
    func secret() {
        let secret = Secret("pa55-wörd")
        #expect(secret.matches("pa55-wörd"))
        for other in ["", "pa55-wör", "pa55-wördx", "PA55-WÖRD"] { #expect(!secret.matches(other)) }
        var dumped = ""
        dump(["key": secret], to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), dumped, "\(Optional.some(secret) as Any)"] {
            #expect(!shown.contains("pa55") && !shown.contains("112"))
        }
    }

    @Test(
        "A verification state sets the workflow",
        arguments: [
            (.falsePositive, "SUPPRESSED", true), (.benignPositive, "SUPPRESSED", true),
            (.truePositive, "NOTIFIED", false), (.unknown, "NEW", false),
        ] as [(VerificationState, String, Bool)])
    func verification(state: VerificationState, status: String, archives: Bool) {
        let verification = Verification(state: state, words: "lab device")
        #expect(verification.archives == archives)
        #expect(
            verification.changes == [
                "VerificationState": .string(state.rawValue), "Workflow": ["Status": .string(status)],
                "Note": ["Text": "lab device", "UpdatedBy": "defender-bridge"],
            ])
    }

    @Test("The place in an audit is read back as it was; without one, or with one that makes no sense, it begins anew")
    func auditProgress() {
        var refusals = Refusals()
        refusals.add("id", "reason")
        refusals.add("id2", "reason2")
        var progress = AuditProgress(nextToken: "+/=é", isListed: false, refusals: refusals, hasUnread: true)
        #expect(AuditProgress(bookmark: progress.bookmark) == progress)
        for bookmark in [nil, "", "{}", "[1]"] { #expect(AuditProgress(bookmark: bookmark) == AuditProgress()) }
        progress.nextToken = String(repeating: "x", count: 20_000)
        #expect(progress.bookmark == nil)
        #expect(refusals.outcome == .refused("id: reason (and 1 more findings)"))
    }

    @Test("A note is left out when blank, and cut to what Security Hub takes")
    func note() {
        for blank in [nil, "", " \n"] {
            #expect(Verification(state: .unknown, words: blank).changes["Note"] == nil)
        }
        let words = String(repeating: "é", count: 600)
        #expect(
            Verification(state: .unknown, words: words).changes["Note"]?["Text"]
                == .string(String(repeating: "é", count: 511) + "…"))
    }
}
