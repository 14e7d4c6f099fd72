import DeviceDefender
import JSON
import SecurityFindings
import Testing

@Suite struct VerificationTests {
    @Test(
        "A verification state determines the workflow status",
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

    @Test("A blank note is omitted, and a long one is truncated to the limit of Security Hub")
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
