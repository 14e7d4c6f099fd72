import Encoding
import JSON
import TestSupport
import Testing

@testable import SecurityFindings

@Suite("Findings as JSON") struct WritingTests {
    @Test("A finding is written as its tree is", arguments: 0..<200)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func text() -> String {
            let parts = ["a", "\"", "\\", "/", "\n", "\u{1}", "é", "漢", "🚰", " ", "\u{301}", "long text ", "=", "<>"]
            let count = [0, 1, 3, 10, 300].randomElement(using: &random) ?? 1
            return (0..<count).compactMap { _ in parts.randomElement(using: &random) }.joined()
        }
        func entries() -> [(key: String, value: String)] {
            (0..<([0, 1, 4, 60].randomElement(using: &random) ?? 0)).map { _ in (text(), text()) }
        }
        func time() -> Timestamp { Timestamp(milliseconds: Int64.random(in: 0...9_999_999_999_999, using: &random)) }
        let region = [
            "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-isob-east-1", "ap-verylongname-1",
        ]
        let prefix = "arn:aws:iot-device-defender:us-east-1:111122223333:audits/finding/"
        let finding = SecurityFinding(
            FindingDraft(
                id: (Bool.random(using: &random) ? prefix : "") + text(),
                accountRegion: try Samples.accountRegion(region.randomElement(using: &random) ?? "us-east-1"),
                generatorID: text(), types: (0..<Int.random(in: 0..<4, using: &random)).map { _ in text() },
                severity: SecurityFinding.Severity.Label.allCases.randomElement(using: &random) ?? .low,
                originalSeverity: text(), title: text(), description: text(),
                sourceURL: Bool.random(using: &random) ? text() : nil,
                remediation: Bool.random(using: &random)
                    ? FindingDraft.Remediation(text: text(), url: Bool.random(using: &random) ? text() : nil) : nil,
                resource: FindingDraft.Resource(type: text(), id: text(), details: entries()),
                otherResources: (0..<Int.random(in: 0..<3, using: &random)).map { _ in
                    FindingDraft.Resource(type: text(), id: text(), details: entries())
                },
                productFields: entries(), createdAt: time(), updatedAt: time(),
                firstObservedAt: time(), lastObservedAt: time(),
                recordState: Bool.random(using: &random) ? .active : .archived))
        #expect(finding.serialized() == finding.json.serialized())
    }

    @Test("A map holds one text for a name, in the order of the names' bytes")
    func map() {
        var map = TextMap()
        #expect(map.isEmpty && map["a"] == nil)
        for name in ["b", "a", "é", "e\u{301}", "", "ab", "b"] { map.add(name, "\(map.entries.count)") }
        #expect(
            map.entries.map { Array($0.key.string.utf8) }
                == ["", "a", "ab", "b", "e\u{301}", "é"].map { Array($0.utf8) })
        #expect(["b", "é", "e\u{301}", "c"].map { map[$0] } == ["0", "2", "3", nil])
        map.set("b", to: "new")
        map.set("c", to: "c")
        #expect(map.entries.map(\.value) == ["4", "1", "5", "new", "c", "3", "2"])
    }
}
