import DeviceDefender
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import Bridge

@Suite struct SmallRulesTests {
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
        let verification = Verification(state: state, note: "lab device")
        #expect(verification.archives == archives)
        #expect(
            verification.changes == [
                "VerificationState": .string(state.rawValue), "Workflow": ["Status": .string(status)],
                "Note": ["Text": "lab device", "UpdatedBy": "defender-bridge"],
            ])
    }

    @Test("The place in an audit is read back as it was; without one, or with one that makes no sense, it begins anew")
    func auditProgress() {
        var rejections = FindingRejections()
        rejections.add("id", "reason")
        rejections.add("id2", "reason2")
        var checkpoint = AuditCheckpoint(nextToken: "+/=é", isListed: false, rejections: rejections, hasUnread: true)
        #expect(AuditCheckpoint(serialized: checkpoint.serialized) == checkpoint)
        for checkpoint in [nil, "", "{}", "[1]"] {
            #expect(AuditCheckpoint(serialized: checkpoint) == AuditCheckpoint())
        }
        checkpoint.nextToken = String(repeating: "x", count: 20_000)
        #expect(checkpoint.serialized == nil)
        #expect(rejections.outcome == .rejected("id: reason (and 1 more findings)"))
    }

    @Test("A note is left out when blank, and cut to what Security Hub takes")
    func note() {
        for blank in [nil, "", " \n"] {
            #expect(Verification(state: .unknown, note: blank).changes["Note"] == nil)
        }
        let words = String(repeating: "é", count: 600)
        #expect(
            Verification(state: .unknown, note: words).changes["Note"]?["Text"]
                == .string(String(repeating: "é", count: 511) + "…"))
    }
}
