import AWSCore
import Encoding
import Foundation
import JSON
import SecurityFindings
import SourceMapping
import TestSupport
import Testing

@testable import Bridge

@Suite("Built-in mappings") struct BuiltInMappingTests {
    @Test("Each file is a valid mapping with tests, which pass", arguments: BuiltInMapping.allCases)
    func tests(mapping: BuiltInMapping) throws {
        let file = try MappingFile(mapping)
        #expect(file.name == mapping.rawValue && file.mapping.about != nil && !file.mapping.tests.isEmpty)
        #expect(MappingTestReport(file).lines == ["\(mapping.rawValue): \(file.mapping.tests.count) tests passed."])
    }

    @Test("Security Hub's own model accepts the findings of all test messages")
    func valid() async throws {
        let accountRegion = AccountRegion(
            account: try #require(AccountID("111122223333")), region: try #require(Region("eu-central-1")))
        let context = ItemContext(source: "plant", accountRegion: accountRegion, receivedAt: .latest)
        let folder = try TemporaryFolder()
        var count = 0
        for name in BuiltInMapping.allCases {
            let file = try MappingFile(name)
            for message in file.tree["tests"]?.array?.compactMap({ $0["message"] }) ?? [] {
                guard let item = try? file.mapping.items(in: message).first,
                    case .finding(let mapped) = try? file.mapping.outcome(of: item, in: context)
                else { continue }
                count += 1
                _ = try folder.write(mapped.finding.serialized(), as: "\(name.rawValue)-\(count).json")
            }
        }
        #expect(count > 60)
        let script = Repository.file("Tests/SecurityFindingsTests/validate_goldens.py")
        let program = try await Program.run(["python3", script.path, folder.path])
        #expect(program.status == 0, "\(program.errors.prefix(2000))")
    }

    @Test("The names are those of the files, in the order of the documentation")
    func names() throws {
        #expect(
            BuiltInMapping.allCases.map(\.rawValue) == [
                "cloudwatch-alarm", "nozomi", "dragos", "dragos-cef", "claroty-ctd", "claroty-xdome", "alertmanager",
            ])
        for mapping in BuiltInMapping.allCases {
            let file = try Repository.text(of: "Sources/Bridge/Mappings/\(mapping.rawValue).yaml")
            #expect(file == mapping.text)
        }
    }

    @Test("A name is a built-in mapping, or a path with / or .yaml")
    func lookup() throws {
        let files = ["f/m.yaml": BuiltInMapping.nozomi.text, "/x/m": BuiltInMapping.dragos.text]
        func file(_ name: String, in folder: String? = nil) throws(ConfigurationError) -> MappingFile {
            try MappingFile(named: name, in: folder, key: "k") { path throws(ConfigurationError) in
                guard let text = files[path] else { throw ConfigurationError("x", "cannot read \(path). Check it.") }
                return Array(text.utf8)
            }
        }
        #expect(try file("alertmanager").name == "alertmanager")
        #expect(try file("m.yaml", in: "f").name == "f/m.yaml" && file("./m.yaml", in: "f").name == "f/m.yaml")
        #expect(try file("f/m.yaml").name == "f/m.yaml" && file("/x/m", in: "f").name == "/x/m")
        #expect(throws: ConfigurationError("k", "cannot read f/n.yaml. Check it.")) { try file("n.yaml", in: "f") }
        #expect(throws: ConfigurationError.self) { try file("Nozomi") }
    }

    @Test("All problems of a file are reported, with file, line and key")
    func problems() {
        do throws(ConfigurationError) {
            _ = try MappingFile("id: [$.a b]\nids: 1\ntitle: \"{$.x\"\nseverity:\n  path: $.s\n", name: "m.yaml")
            Issue.record("no error")
        } catch {
            let lines = error.description.split(separator: "\n")
            #expect(lines.count >= 6, "\(error)")
            for start in [
                "m.yaml:1: id[0], column 5: ", "m.yaml:2: ids: unknown key. ", "m.yaml:3: title, column 1: ",
                "m.yaml:4: severity: ", "m.yaml:1: mapping: missing key description. ",
                "m.yaml:1: mapping: missing key resources. ",
            ] {
                #expect(lines.contains { $0.hasPrefix(start) }, "\(start): \(error)")
            }
        }
    }
}
