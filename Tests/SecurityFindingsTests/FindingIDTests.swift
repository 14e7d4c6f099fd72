import DeviceDefender
import JSON
import SecurityFindings
import Testing

@Suite("Finding IDs")
struct FindingIDTests {
    private let prefix = "arn:aws:iot-device-defender:us-east-1:111122223333:"

    private func audit(_ check: String, _ identifier: JSON, _ reasonCode: String? = nil) throws -> String {
        FindingID.audit(
            check: try #require(AuditCheck(name: check)), resource: try ResourceIdentifier(identifier),
            reasonCode: reasonCode, accountRegion: try Samples.accountRegion())
    }

    @Test("a violation's finding has the ID of AWS's sample")
    func violation() throws {
        #expect(
            FindingID.violation(id: "37e1", accountRegion: try Samples.accountRegion()) == prefix
                + "detect/violation/37e1")
    }

    @Test("a summary has the scheduled audit's name, or OnDemand")
    func summary() throws {
        let check = try #require(AuditCheck(name: "X_CHECK"))
        let accountRegion = try Samples.accountRegion()
        #expect(
            FindingID.summary(check: check, scheduledAuditName: "Daily", accountRegion: accountRegion)
                == prefix + "audits/summary/Daily/X_CHECK")
        #expect(
            FindingID.summary(check: check, scheduledAuditName: nil, accountRegion: accountRegion)
                == prefix + "audits/summary/OnDemand/X_CHECK")
    }

    @Test("an audit finding's ID has check and resource, as in AWS's sample")
    func resource() throws {
        #expect(
            try audit("DEVICE_CERTIFICATE_EXPIRING_CHECK", ["deviceCertificateId": "ab"], "A_REASON")
                == prefix + "audits/finding/DEVICE_CERTIFICATE_EXPIRING_CHECK-ab")
    }

    @Test("a reason code is appended if the check can report several per resource")
    func reasonCodes() throws {
        let policy: JSON = ["policyVersionIdentifier": ["policyName": "P", "policyVersionId": "2"]]
        #expect(
            try audit("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", policy, "A")
                == prefix + "audits/finding/IOT_POLICY_OVERLY_PERMISSIVE_CHECK-P:2/A")
        #expect(
            try audit("IOT_POLICY_OVERLY_PERMISSIVE_CHECK", policy)
                == prefix + "audits/finding/IOT_POLICY_OVERLY_PERMISSIVE_CHECK-P:2")
    }

    @Test("partition, Region and account are in the ID")
    func accountRegions() throws {
        let id = FindingID.violation(id: "v", accountRegion: try Samples.accountRegion("cn-north-1"))
        #expect(id == "arn:aws-cn:iot-device-defender:cn-north-1:111122223333:detect/violation/v")
    }

    @Test("any client ID gives a distinct ID of printable ASCII")
    func anyText() throws {
        let texts = ["a b", "a\nb", "a%0Ab", "a\u{1}b", "é", "e\u{301}", "🚰", "a/b", "%", "ａ"]
        let ids = try texts.map { try audit("CONFLICTING_CLIENT_IDS_CHECK", ["clientId": .string($0)]) }
        #expect(Set(ids).count == texts.count)
        #expect(ids.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
        #expect(ids[0] == prefix + "audits/finding/CONFLICTING_CLIENT_IDS_CHECK-a b")
        #expect(ids[1] == prefix + "audits/finding/CONFLICTING_CLIENT_IDS_CHECK-a%0Ab")
    }

    @Test("an ID of 512 characters is unchanged, a longer one is truncated and stays distinct")
    func length() throws {
        let start = prefix + "audits/finding/CONFLICTING_CLIENT_IDS_CHECK-"
        let longest = String(repeating: "x", count: 512 - start.count)
        #expect(try audit("CONFLICTING_CLIENT_IDS_CHECK", ["clientId": .string(longest)]) == start + longest)
        let cut = try ["y", "z"].map {
            try audit("CONFLICTING_CLIENT_IDS_CHECK", ["clientId": .string(longest + $0)])
        }
        #expect(cut[0] != cut[1])
        for id in cut {
            #expect(id.count == 512)
            #expect(id.hasPrefix(start + "xxx"))
            #expect(id.suffix(33).wholeMatch(of: /-[0-9a-f]{32}/) != nil)
        }
    }
}
