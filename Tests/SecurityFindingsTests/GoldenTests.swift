import AWSCore
import Cryptography
import Foundation
import JSON
import Testing

@testable import DeviceDefender
@testable import SecurityFindings

/// Findings compared with files in `Goldens`. `validate_goldens.py` validates those against Security Hub's own model.
///
/// To regenerate them, run the tests with `WRITE_GOLDENS` set to the directory's path, and review the diff.
@Suite("Golden findings")
struct GoldenTests {
    @Test("the mapping makes the golden finding", arguments: Golden.all)
    func known(golden: Golden) throws {
        let finding = try golden.make()
        let text = finding.json.prettyPrinted() + "\n"
        if let folder = ProcessInfo.processInfo.environment["WRITE_GOLDENS"] {
            try Data(text.utf8).write(to: URL(filePath: folder).appending(path: "\(golden.name).json"))
            Issue.record("\(golden.name) was regenerated and not compared")
            return
        }
        let file = try #require(Bundle.module.url(forResource: "Goldens/\(golden.name)", withExtension: "json"))
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
        #expect(SecurityFinding(finding.json) == finding, "it is not the same when it is read back")
        #expect(FormatRules.violations(of: finding.json) == [])
        #expect(finding.serialized() == finding.json.serialized())
    }

    @Test("every file is compared, and every name is unique")
    func files() throws {
        let folder = try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.sorted() == Golden.all.map { "\($0.name).json" }.sorted())
    }

    @Test("A change of the mapping of audit findings has another version")
    func auditMappingVersion() throws {
        let findings = try Golden.all.map { try $0.make() }.filter { $0.productFields["ReportType"] == "AuditFinding" }
        #expect(findings.count > 30)
        let digest = Digest.hexadecimal(Digest.sha256(findings.flatMap { $0.serialized() }))
        // If the digest differs, raise the version, and put both here.
        #expect(
            (SecurityFinding.auditMappingVersion, digest)
                == (1, "8f6e2d8f31c480bc12c77416314240c8e3d497c92893593a7b10745d48ea4a3e"))
    }

    // MARK: Completeness

    @Test("every check has a golden finding, with a distinct ID for each of several reason codes")
    func everyCheck() throws {
        #expect(Set(CheckSample.all.map(\.check)) == Set(AuditCheck.known.map(\.name)))
        for sample in CheckSample.all {
            let check = try #require(AuditCheck(name: sample.check))
            let ids = try sample.reasons.map { reason in
                let golden = try #require(Golden.all.first { $0.name == "check-\(sample.check)-\(reason)" })
                return try golden.make().id
            }
            #expect(Set(ids).count == (check.hasSeveralReasonCodes ? sample.reasons.count : 1), "\(check)")
        }
    }

    @Test("every member of a resource identifier has a golden finding")
    func everyIdentifier() {
        let members = Samples.identifiers.flatMap { Array(($0.identifier.object ?? [:]).keys) }
        #expect(ResourceIdentifier.documentedNames.subtracting(members) == [])
    }

    @Test("every comparison, value type, criteria, event type, dimension and partition has a golden alarm")
    func everyAlarm() throws {
        let alarms = try Golden.all.map { try $0.make() }.filter { !$0.isFromAudit }
        func values(_ key: String) -> Set<String> { Set(alarms.compactMap { $0.productFields[key] }) }
        #expect(Set(ComparisonOperator.documented.map(\.word)).subtracting(values("ComparisonOperator")) == [])
        for key in ["Count", "Cidrs", "Ports", "Number", "Numbers", "Strings"] { #expect(!values(key).isEmpty) }
        #expect(values("BehaviorCriteriaType") == ["STATIC", "STATISTICAL", "MACHINE_LEARNING"])
        #expect(values("ConfidenceLevel") == Set(ConfidenceLevel.allCases.map(\.rawValue)))
        #expect(values("ViolationEventType") == Set(Alarm.EventType.allCases.map(\.rawValue)))
        #expect(values("DimensionValueOperator") == ["IN", "NOT_IN"])
        let partitions = try Golden.all.map { try $0.make() }.map { "\($0.isFromAudit) \($0.accountRegion.partition)" }
        // Security Hub's format has no others.
        #expect(Set(partitions).count == 2 * 3)
    }
}
