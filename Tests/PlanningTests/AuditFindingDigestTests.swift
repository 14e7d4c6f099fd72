import AWSCore
import JSON
import SecurityFindings
import Testing

@testable import Planning

@Suite("Digests of audit findings") struct AuditFindingDigestTests {
    private static let finding: [(name: String, value: String)] = [
        ("findingId", #""1928b87a""#), ("taskId", #""4e2bcd1c""#), ("taskStartTime", "1524740766.191"),
        ("findingTime", "1524740767.5"), ("checkName", #""LOGGING_DISABLED_CHECK""#), ("severity", #""LOW""#),
        (
            "nonCompliantResource",
            #"{"resourceType":"ACCOUNT_SETTINGS","resourceIdentifier":{"account":"111122223333"}}"#
        ),
        ("relatedResources", "[]"), ("reasonForNonCompliance", #""Logging is disabled.""#),
        ("reasonForNonComplianceCode", #""LOGGING_DISABLED""#), ("isSuppressed", "false"),
    ]

    private static let auditMembers = ["findingId", "taskId", "taskStartTime", "findingTime"]

    private func text(_ members: [(name: String, value: String)]) -> String {
        "{\(members.map { #""\#($0.name)":\#($0.value)"# }.joined(separator: ","))}"
    }

    private func digest(
        _ text: String, options: MappingOptions = MappingOptions(), partition: Partition = .aws
    ) throws -> AuditFindingDigest? {
        AuditFindingDigest(
            try JSONSlice(checking: Array(text.utf8)), fingerprint: options.fingerprint(of: partition))
    }

    private func digest(_ members: [(name: String, value: String)]) throws -> AuditFindingDigest {
        try #require(try digest(text(members)))
    }

    @Test("Any other value of a member is another digest, except of members that differ in every audit")
    func values() throws {
        let original = try digest(Self.finding)
        #expect(original.bytes.count == 32)
        for index in Self.finding.indices {
            var members = Self.finding
            members[index].value = #""another""#
            let isSame = Self.auditMembers.contains(members[index].name)
            #expect(try (digest(members) == original) == isSame, "\(members[index].name)")
            members[index].value = Self.finding[index].value + " "
            // Whitespace around a value is no part of it.
            #expect(try digest(members) == original)
        }
    }

    @Test("Another name, a missing and a further member is another digest") func names() throws {
        let original = try digest(Self.finding)
        for index in Self.finding.indices
        where !["checkName", "nonCompliantResource"].contains(Self.finding[index].name) {
            var members = Self.finding
            members[index].name += "s"
            #expect(try digest(members) != original)
            members = Self.finding
            members.remove(at: index)
            #expect(try (digest(members) == original) == Self.auditMembers.contains(Self.finding[index].name))
            members = Self.finding
            members.insert(("new", "1"), at: index)
            #expect(try digest(members) != original)
        }
    }

    @Test("Bytes that move between neighbors make another digest") func boundaries() throws {
        let texts = [
            [("ab", #""c""#), ("d", "1")], [("a", #""bc""#), ("d", "1")], [("ab", "1"), ("cd", "1")],
            [("ab", "11"), ("d", "1")], [("ab", "1"), ("d", "11")], [("a", #""b""#)], [("a", #"["b"]"#)],
            [("a", #"["b","c"]"#)], [("a", #"["b"]"#), ("c", "1")],
        ]
        let digests = try texts.map { try digest(Self.finding + $0) }
        #expect(Set(digests).count == texts.count)
    }

    @Test("Other severities and partitions make another digest, other options do not") func options() throws {
        let text = text(Self.finding)
        func digest(_ options: MappingOptions, _ partition: Partition = .aws) throws -> AuditFindingDigest? {
            try self.digest(text, options: options, partition: partition)
        }
        func rules(_ entries: String...) throws -> MappingOptions {
            MappingOptions(severities: try SeverityRules(entries: entries))
        }
        let digests = [
            try digest(MappingOptions()), try digest(rules("A=LOW")), try digest(rules("A=HIGH")),
            try digest(rules("B=LOW")), try digest(rules("A=LOW", "B=LOW")), try digest(rules("B=LOW", "A=LOW")),
            try digest(rules("A=LOWB=LOW")), try digest(MappingOptions(), .awsCN),
            try digest(MappingOptions(), .awsUSGov),
        ]
        #expect(Set(digests).count == digests.count)
        #expect(try digest(rules("A=low")) == digest(rules("A=LOW")))
        #expect(
            try digest(MappingOptions(checkSummaries: false, staleAfter: .seconds(1))) == digest(MappingOptions()))
    }

    @Test("Another version of the mapping makes another digest") func version() {
        let fingerprint = MappingOptions().fingerprint(of: .aws)
        #expect(fingerprint == MappingFingerprint(["\(SecurityFinding.auditMappingVersion)", "aws"]))
        #expect(fingerprint != MappingFingerprint(["\(SecurityFinding.auditMappingVersion + 1)", "aws"]))
    }

    @Test(
        "What must be parsed has no digest",
        arguments: [
            "[]", "1", #""a""#, "{}", #"{"checkName":"A"}"#, #"{"nonCompliantResource":{}}"#,
            #"{"checkName":"A","nonCompliantResource":{},"\u0061":1}"#,
            #"{"check\u004Eame":"A","nonCompliantResource":{}}"#,
        ])
    func undecided(text: String) throws {
        #expect(try digest(text) == nil)
    }
}
