import JSON
import Testing

@testable import Admin

@Suite("Differences of the status") struct StatusDiffTests {
    private func status(_ rows: [(account: String, pending: Int)], at: String = "1") -> JSON {
        [
            "at": .string(at), "queue": nil,
            "accountRegions": .array(
                rows.map { ["account": .string($0.account), "region": "us-east-1", "pending": .integer($0.pending)] }),
        ]
    }

    @Test("Of the account-Regions, those that are new, changed or gone are reported")
    func rows() {
        let before = status([("1", 0), ("2", 0), ("3", 0)])
        let after = status([("0", 5), ("1", 0), ("3", 1)], at: "2")
        #expect(
            StatusDiff.between(before, after) == [
                "at": "2",
                "accountRegionChanges": [
                    "rows": [
                        ["account": "0", "region": "us-east-1", "pending": 5],
                        ["account": "3", "region": "us-east-1", "pending": 1],
                    ], "removed": [["account": "2", "region": "us-east-1"]],
                ],
            ])
        #expect(StatusDiff.between(before, status([("1", 0), ("2", 0), ("3", 0)], at: "9")) == nil)
    }

    @Test("A member that is unknown before or after is reported as a whole")
    func unknown() {
        let known = status([("1", 0)])
        var members = known.object ?? [:]
        members["accountRegions"] = .null
        #expect(StatusDiff.between(.object(members), known)?["accountRegions"]?.array?.count == 1)
        #expect(StatusDiff.between(known, .object(members))?["accountRegions"] == .null)
    }
}
