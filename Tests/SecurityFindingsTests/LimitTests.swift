import AWSCore
import DeviceDefender
import Encoding
import JSON
import Testing

@testable import SecurityFindings

@Suite("Limits of the finding format")
struct LimitTests {
    @Test(
        "a text is truncated at a character boundary with an ellipsis",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("🚰🚰🚰", 6, "🚰🚰🚰"), ("🚰🚰🚰🚰", 6, "🚰🚰…"),
            ("ae\u{301}e\u{301}e\u{301}", 6, "ae\u{301}e\u{301}…"), ("👩‍👩‍👧‍👦!!", 12, "👩‍👩‍👧‍👦…"),
        ])
    func cut(text: String, limit: Int, expected: String) {
        #expect(FindingText.bounded(text, to: limit) == expected)
    }

    @Test("a single character longer than the limit is truncated, not dropped")
    func longCharacter() throws {
        let text = "e" + String(repeating: "\u{301}", count: 5000)
        let cut = try #require(FindingText.bounded(text, to: 256))
        #expect(cut.utf16.count == 256)
        #expect(cut.hasPrefix("e\u{301}") || cut.unicodeScalars.first == "e")
    }

    @Test("blank texts are rejected", arguments: ["", " ", "\n\t", "\u{0}", "\u{A0}\u{3000}", "\u{2028}", "\u{202E}"])
    func blank(text: String) {
        #expect(FindingText.bounded(text, to: 10) == nil)
    }

    @Test("characters unsuitable for one-line text become spaces")
    func controls() {
        #expect(
            FindingText.bounded("a\u{0}b\nc\u{7F}d\u{85}e\u{2028}f\u{202E}g\u{2066}h\u{FEFF}i", to: 99)
                == "a b c d e f g h i")
        #expect(
            FindingText.bounded("\u{1F469}\u{200D}\u{1F467} \u{FFFD}", to: 99) == "\u{1F469}\u{200D}\u{1F467} \u{FFFD}")
    }

    @Test("a map keeps its first 50 entries and drops blank ones")
    func maps() {
        let entries =
            [("", "v"), (" ", "v"), ("k", ""), ("k", " "), ("k", "first"), ("k", "second")]
            + (0..<100).map { ("key\($0)", "v") }
        let map = FindingText.boundedMap(entries, keyLimit: 127, valueLimit: 1023)
        #expect(map.entries.count == 50)
        #expect(map["k"] == "first")
        #expect(map["key48"] == "v" && map["key49"] == nil)
    }

    /// A draft with as much text in every field as possible.
    private func draft(_ text: String) throws -> FindingDraft {
        let time = Timestamp(milliseconds: 0)
        let entries = (0..<60).map { (key: "\($0)" + text, value: text) }
        return FindingDraft(
            id: text, accountRegion: try Samples.accountRegion(), generatorID: text,
            types: Array(repeating: text, count: 60),
            severity: .low, originalSeverity: text, title: text, description: text, sourceURL: text,
            remediation: FindingDraft.Remediation(text: text, url: text),
            resource: FindingDraft.Resource(type: text, id: text, details: entries),
            otherResources: Array(
                repeating: FindingDraft.Resource(type: text, id: text, details: Array(entries.prefix(4))), count: 40),
            productFields: entries, createdAt: time, updatedAt: time, firstObservedAt: time, lastObservedAt: time,
            recordState: .active)
    }

    @Test(
        "a finding with far too much text keeps within all limits",
        arguments: ["x", "🚰", "\u{301}", "漢", "\"", "\\", "\u{1}x", "é"])
    func oversize(part: String) throws {
        let finding = SecurityFinding(try draft(String(repeating: part, count: 2100)))
        #expect(FormatRules.violations(of: finding.json) == [])
        #expect(!finding.productFields.isEmpty && !finding.resource.details.isEmpty)
        #expect(finding.serialized() == finding.json.serialized())
    }

    @Test("a finding made from blank text has no blank text")
    func blankFinding() throws {
        let violations = FormatRules.violations(of: SecurityFinding(try draft(" ")).json)
        #expect(violations == ["there are 1 to 50 types"])
        #expect(SecurityFinding(try draft(" ")).json["Types"] == nil)
    }

    @Test(
        "malformed types are dropped",
        arguments: [["a/b/c/d"], ["/a"], ["a//b"], ["a/"], [""], ["/"]])
    func types(types: [String]) throws {
        var draft = try draft("x")
        draft.types = types + ["a/b/c"]
        #expect(SecurityFinding(draft).types == ["a/b/c"])
    }

    static let hostile: [JSON] = [
        nil, "", " ", "/", "\u{0}", .string(String(repeating: "🚰", count: 128)),
        .string(String(repeating: "\u{1}", count: 128)), .string(String(repeating: "\"\\/", count: 40)),
        .string(String(repeating: "x", count: 100_000)), 0, .number("1e308"), .number("-0.1"), [], [""], [:],
        .array(Array(repeating: .string(String(repeating: "漢", count: 1100)), count: 1100)),
        .object(["": "x", "k": .string(String(repeating: "\u{0}漢", count: 5000)), "n": nil]),
    ]

    @Test("an alarm with any part replaced gives a finding within all limits")
    func hostileAlarms() throws {
        let payload = Samples.alarmJSON(criteria: ["comparisonOperator": "in-set", "value": ["strings": ["a"]]])
        var made = 0
        for json in payload.variants(replacements: Self.hostile) {
            guard let alarm = try? Alarm(json) else { continue }
            made += 1
            let finding = SecurityFinding(alarm: alarm, accountRegion: try Samples.accountRegion())
            #expect(FormatRules.violations(of: finding.json) == [])
            #expect(SecurityFinding(finding.json) == finding)
            #expect(finding.serialized() == finding.json.serialized())
        }
        #expect(made > 100)
    }

    @Test("an audit finding with any part replaced gives a finding within all limits")
    func hostileAuditFindings() throws {
        let task = try Samples.task()
        let identifiers = Samples.identifiers.compactMap(\.identifier.object)
        let everyKind = identifiers.reduce([:]) { $0.merging($1) { first, _ in first } }
        let payload = Samples.findingJSON(
            check: "IOT_POLICY_OVERLY_PERMISSIVE_CHECK", type: "IOT_POLICY", identifier: .object(everyKind),
            reasonCode: "A_REASON", additionalInfo: ["k": "v"],
            related: [["resourceType": "T", "resourceIdentifier": ["clientId": "c"], "additionalInfo": ["k": "v"]]])
        var made = 0
        for json in payload.variants(replacements: Self.hostile) {
            guard let auditFinding = try? AuditFinding(json) else { continue }
            made += 1
            let finding = SecurityFinding(
                auditFinding: auditFinding, task: task, accountRegion: try Samples.accountRegion())
            #expect(FormatRules.violations(of: finding.json) == [])
            #expect(SecurityFinding(finding.json) == finding)
            #expect(finding.serialized() == finding.json.serialized())
        }
        #expect(made > 100)
    }

    @Test("JSON that is not a finding is rejected")
    func unreadable() throws {
        let json = SecurityFinding(alarm: try Alarm(Samples.alarmJSON()), accountRegion: try Samples.accountRegion())
            .json
        let members = try #require(json.object)
        #expect(SecurityFinding(json) != nil)
        let replaceable: Set<UTF8Text> = [
            "Types", "ProductFields", "FindingProviderFields", "SchemaVersion", "AwsAccountId", "Severity", "SourceUrl",
            "FirstObservedAt", "LastObservedAt",
            "Remediation",
        ]
        for name in members.keys where !replaceable.contains(name) {
            for value in [nil, 5, [], [:]] as [JSON] {
                var members = members
                members[name] = value
                #expect(SecurityFinding(.object(members)) == nil, "\(name)")
            }
        }
        let bare = members.filter { !["Severity", "FindingProviderFields"].contains($0.key) }
        #expect(SecurityFinding(.object(bare)) == nil)
    }

    @Test("a finding from Security Hub is parsed without members that others added")
    func securityHubFinding() throws {
        let finding = SecurityFinding(alarm: try Alarm(Samples.alarmJSON()), accountRegion: try Samples.accountRegion())
        var members = try #require(finding.json.object)
        members["Severity"] = ["Label": "LOW", "Normalized": 1]
        members["Types"] = ["TTPs/Something else"]
        members["ProductName"] = "Default"
        members["Workflow"] = ["Status": "NEW"]
        var fields = try #require(members["ProductFields"]?.object)
        fields["aws/securityhub/FindingId"] = "arn:…"
        members["ProductFields"] = .object(fields)
        #expect(SecurityFinding(.object(members)) == finding)
    }

    @Test("a finding of AWS's sample is parsed, with defaults for missing times")
    func sample() throws {
        let accountRegion = try Samples.accountRegion()
        let json: JSON = [
            "SchemaVersion": "2018-10-08",
            "Id":
                "arn:aws:iot-device-defender:us-east-1:111122223333:audits/finding/LOGGING_DISABLED_CHECK-111122223333",
            "ProductArn": .string(SecurityFinding.productARN(accountRegion: accountRegion)),
            "GeneratorId": "arn:aws:iot:us-east-1:111122223333:scheduledaudit/Daily", "AwsAccountId": "111122223333",
            "Types": ["Software and Configuration Checks/AWS IoT Device Defender/LOGGING_DISABLED_CHECK"],
            "CreatedAt": "2026-10-01T10:00:00.123456Z", "UpdatedAt": "2026-10-02T10:00:00.123456Z",
            "Severity": ["Label": "LOW", "Normalized": 1], "Title": "Title", "Description": "Description",
            "Remediation": ["Recommendation": ["Text": "Text", "Url": "https://example.com/"]],
            "ProductFields": ["ProviderName": "IoTDeviceDefender", "ProviderVersion": "1.0"],
            "Resources": [["Id": "111122223333", "Type": "Other", "Partition": "aws", "Region": "us-east-1"]],
            "RecordState": "ACTIVE",
        ]
        let finding = try #require(SecurityFinding(json))
        #expect(finding.firstObservedAt == finding.createdAt && finding.lastObservedAt == finding.updatedAt)
        #expect(finding.createdAt.iso8601 == "2026-10-01T10:00:00.123Z")
        #expect(finding.sourceURL == "https://example.com/" && finding.severity.original == "LOW")
        #expect(FormatRules.violations(of: finding.json) == [])
    }
}

extension JSON {
    /// Every variant of this value with one part, at any depth, replaced or removed.
    fileprivate func variants(replacements: [JSON]) -> [JSON] {
        var variants = replacements
        switch self {
        case .object(var members):
            for (name, value) in members {
                for variant in value.variants(replacements: replacements) {
                    members[name] = variant
                    variants.append(.object(members))
                }
                members[name] = nil
                variants.append(.object(members))
                members[name] = value
            }
        case .array(var elements):
            for (index, element) in elements.enumerated() {
                for variant in element.variants(replacements: replacements) {
                    elements[index] = variant
                    variants.append(.array(elements))
                }
                elements[index] = element
            }
        default: break
        }
        return variants
    }
}
