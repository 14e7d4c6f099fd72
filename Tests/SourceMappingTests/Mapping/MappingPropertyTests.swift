import Foundation
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import SourceMapping

@Suite("Mapping of any item")
struct MappingPropertyTests {
    private static let members: JSON.Members = [
        "ignore": ["kind": ["test"]], "group": ["$.site"], "archivesGroupWhen": ["kind": ["removal"]],
        "time": ["path": "$.time", "as": "epochMillis"], "firstObservedAt": ["path": "$.first", "as": "iso8601"],
        "archivedWhen": ["status": [["prefix": "close"]]],
        "severity": ["path": "$.risk", "suffixes": ["-High": "HIGH", "default": "LOW"]],
        "title": ["first": ["{$.name|upper}: {$.list[*]|join:\" \"}", "{$.name}"]],
        "types": ["TTPs/{$.kind}", "Unusual Behaviors/{$.name}/{$.text}"],
        "resources": [
            ["type": "Other", "id": "{$.device}", "details": ["Zone": "$.site", "List": "$.list[*]"]],
            ["type": "{$.kind}", "id": "{$.site}", "details": ["Text": "$.text"]],
        ],
        "productFields": ["plant/site": "$.site", "plant/text": "$.text"],
        "sourceUrl": ["first": ["{$.kind}", "https://{$.site}/{$.text}"]],
        "remediation": ["text": "{$.text}", "url": "{$.site}"],
    ]

    /// Values of every kind, some of them hostile.
    private static func value(_ random: inout RandomJSON) -> JSON {
        let texts = [
            "pump-17", "/", "a/b/c/d", " ", "\u{202E}fdp.exe", "\0", "\"\\", "https://a b", "<script>", "漢",
            "\u{301}\u{301}", "close", "removal", "x-High", "2026-11-22T10:00:00Z", "1795341600000",
        ]
        return switch random.number(in: 0...9) {
        case 0: random.value()
        case 1: .string(String(repeating: random.pick(texts), count: random.number(in: 1...3000)))
        default: .string(random.pick(texts))
        }
    }

    @Test("an item with the required values always becomes something valid, whatever else is in it")
    func valid() async throws {
        let mapping = try MappingSamples.mapping(Self.members)
        let seed = UInt64.random(in: 0 ... .max)
        var random = RandomJSON(seed: seed)
        let folder = try TemporaryFolder()
        var findings = 0
        for number in 0..<1500 {
            let item = Self.item(&random)
            guard case .finding(let mapped) = try mapping.outcome(of: item, in: testContext) else { continue }
            findings += 1
            _ = try folder.write(mapped.finding.serialized(), as: "\(number).json")
        }
        #expect(findings > 500, "seed \(seed)")
        let script = Repository.file("Tests/SecurityFindingsTests/validate_goldens.py")
        let program = try await Program.run(["python3", script.path, folder.path])
        #expect(program.status == 0, "seed \(seed): \(program.errors.prefix(2000))")
    }

    /// An item with the required values, and perhaps others.
    private static func item(_ random: inout RandomJSON) -> JSON {
        var item: JSON.Members = [:]
        for name: UTF8Text in ["kind", "site", "time", "first", "status", "risk", "list"]
        where random.number(in: 0...3) > 0 { item[name] = value(&random) }
        for name: UTF8Text in ["id", "name", "text", "device"] {
            var required = value(&random)
            while required.scalarText == nil { required = value(&random) }
            item[name] = required
        }
        // An item that archives a group must have the part of the group's identity.
        if item["site"]?.scalarText == nil { item["site"] = "north" }
        return .object(item)
    }
}
