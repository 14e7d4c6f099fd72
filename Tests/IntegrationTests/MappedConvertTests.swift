import Foundation
import JSON
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Commands for mapped sources", .timeLimit(.minutes(15)))
    struct MappedConvert {
        private func run(_ arguments: [String], input: String? = nil) async throws -> RunningProgram {
            try await RunningProgram.run([Paths.program] + arguments, input: input)
        }

        private static let mapping = """
            each: $.alerts
            ignore: {kind: [test]}
            id: [$.id]
            group: [$.host]
            archivesGroupWhen: {kind: [removed]}
            accounts: [$.account]
            time: {path: $.at, as: iso8601}
            archivedWhen: {state: [closed]}
            severity: {path: $.level, map: {high: HIGH, default: LOW}}
            title: "Alert {$.id}"
            description: "{$.text}"
            resources: [{type: Other, id: "{$.host}"}]
            tests:
              - message: {alerts: [{id: 1, text: t, host: h, level: high}]}
                expect: {id: "1", severity: HIGH, recordState: ACTIVE}
            """

        private static func alert(_ id: Int, _ members: JSON.Members = [:]) -> JSON {
            let alert: JSON.Members = [
                "id": .integer(id), "text": "t", "host": "pump-17", "level": "high", "at": "2026-11-22T10:00:00Z",
            ]
            return .object(alert.merging(members) { $1 })
        }

        @Test("convert prints findings, and a line for each item that is ignored, archives a group or is a dead letter")
        func convert() async throws {
            let folder = try TemporaryFolder()
            let mapping = try folder.write(Self.mapping, as: "plant.yaml")
            let message: JSON = [
                "alerts": [
                    Self.alert(1), Self.alert(2, ["kind": "test"]), Self.alert(3, ["kind": "removed"]),
                    .object(["id": 4]), Self.alert(5, ["account": "444455556666"]),
                    Self.alert(6, ["state": "closed", "level": "low"]),
                ]
            ]
            let file = try folder.write(String(decoding: message.serialized(), as: UTF8.self), as: "message.json")
            let program = try await run(["convert", "--mapping", mapping, "--region", "eu-west-1", file])
            #expect(program.exit == .init(status: 65, wasKilled: false))
            let findings = try JSON(parsing: program.outputLines.joined(separator: "\n")).array ?? []
            #expect(
                findings.compactMap { $0["Id"]?.string } == [
                    "arn:aws:defender-bridge:eu-west-1:111122223333:plant/1",
                    "arn:aws:defender-bridge:eu-west-1:111122223333:plant/6",
                ])
            #expect(findings.map { $0["RecordState"] } == ["ACTIVE", "ARCHIVED"])
            #expect(findings.first?["UpdatedAt"] == "2026-11-22T10:00:00.000Z")
            let lines = program.errorLines
            try #require(lines.count == 4, "\(lines)")
            #expect(lines[0] == "defender-bridge: item 2: ignored")
            #expect(lines[1] == "defender-bridge: item 3: archives the findings of group pump-17")
            #expect(lines[2].hasPrefix("defender-bridge: item 4: dead letter (not_understood): "))
            #expect(lines[3].hasPrefix("defender-bridge: item 5: dead letter (wrong_account): accounts: "))

            let json = try await run(["convert", "--mapping", mapping, "--json", "-"], input: file)
            let items = try JSON(parsing: json.outputLines.joined(separator: "\n")).array ?? []
            #expect(
                items.compactMap { $0["outcome"]?.string } == [
                    "finding", "ignored", "archivesGroup", "deadLetter", "deadLetter", "finding",
                ])
            #expect(json.errorLines.isEmpty && items[4]["code"] == "wrong_account")
        }

        @Test("convert reads lines of JSON, SNS envelopes and events of a configured source")
        func envelopes() async throws {
            let folder = try TemporaryFolder()
            _ = try folder.write(Self.mapping, as: "plant.yaml")
            let configuration = try folder.write(
                """
                sources:
                  plant-1:
                    mapping: plant.yaml
                    topics: ["arn:aws:sns:us-east-1:111122223333:t=444455556666"]
                    webhook:
                      account: "777788889999"
                      region: eu-central-1
                      auth: {bearer: {token: 0123456789abcdef}}
                """, as: "bridge.yaml")
            let alerts: JSON = ["alerts": [Self.alert(1)]]
            let text = String(decoding: alerts.serialized(), as: UTF8.self)
            let envelope: JSON = [
                "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
                "TopicArn": "arn:aws:sns:us-east-1:111122223333:t", "Message": .string(text),
                "Timestamp": "2026-11-15T03:00:01.000Z", "SignatureVersion": "1", "Signature": "AAAA",
                "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
            ]
            let event: JSON = [
                "detail-type": "x", "source": "y", "account": "111122223333", "region": "eu-north-1",
                "alerts": [Self.alert(1)],
            ]
            let cases: [(String, [String])] = [
                (text + "\n\n" + text + "\n", ["eu-central-1:777788889999", "eu-central-1:777788889999"]),
                (String(decoding: envelope.serialized(), as: UTF8.self), ["us-east-1:444455556666"]),
                (String(decoding: event.serialized(), as: UTF8.self), ["eu-north-1:111122223333"]),
            ]
            for (message, accounts) in cases {
                let file = try folder.write(message, as: "message.json")
                let program = try await run(
                    ["convert", "--source", "plant-1", "--test", "--config", configuration, file])
                #expect(program.exit == .init(status: 0, wasKilled: false), "\(program.errorLines)")
                let findings = try JSON(parsing: program.outputLines.joined(separator: "\n")).array ?? []
                #expect(
                    findings.compactMap { $0["Id"]?.string }
                        == accounts.map { "arn:aws:defender-bridge:\($0):plant-1/1" })
                #expect(program.errorLines == ["defender-bridge: \(folder.path)/plant.yaml: 1 test passed."])
            }
        }

        @Test("convert rejects invalid options, mappings and messages")
        func invalid() async throws {
            let folder = try TemporaryFolder()
            let mapping = try folder.write(Self.mapping, as: "plant.yaml")
            let failing = try folder.write(
                Self.mapping.replacing("severity: HIGH", with: "severity: LOW"), as: "failing.yaml")
            let broken = try folder.write("ids: 1\n", as: "broken.yaml")
            let file = try folder.write(#"{"alerts": []}"#, as: "message.json")
            let cases: [(arguments: [String], code: Int32, line: String)] = [
                (["--mapping", mapping], 65, "defender-bridge: cannot convert the message: the message has no items."),
                (
                    ["--mapping", failing, "--test"], 65,
                    "defender-bridge: \(failing): test 1: severity: expected LOW, got HIGH"
                ),
                (["--mapping", broken], 78, "defender-bridge: \(broken):1: ids: unknown key."),
                (["--mapping", "nozomy"], 78, "defender-bridge: --mapping: unknown mapping \"nozomy\"."),
                (["--source", "x"], 78, "defender-bridge: --source: no source \"x\" in the configuration."),
                (["--source", "x", "--mapping", "nozomi"], 64, "Error: --source and --mapping exclude each other."),
                (["--test"], 64, "Error: --test and --json require --source or --mapping."),
            ]
            for (arguments, code, line) in cases {
                let program = try await run(["convert", file] + arguments)
                #expect(program.exit == .init(status: code, wasKilled: false), "\(arguments): \(program.errorLines)")
                #expect(program.errorLines.first?.hasPrefix(line) == true, "\(program.errorLines)")
                #expect(program.outputLines == [])
            }
        }

        @Test("sources list, show and test print text and JSON")
        func sources() async throws {
            let folder = try TemporaryFolder()
            let mapping = try folder.write(Self.mapping, as: "plant.yaml")
            let configuration = try folder.write(
                "sources:\n  plant-1: {mapping: plant.yaml, events: [{source: [x]}], accounts: all}\n", as: "b.yaml")
            let list = try await run(["sources", "list", "--config", configuration])
            #expect(list.outputLines.prefix(2) == ["SOURCES", "  plant-1  \(mapping)  eventBridge"])
            let names = list.outputLines.drop { $0 != "BUILT-IN MAPPINGS" }.dropFirst()
            #expect(names.map { $0.split(separator: " ").first ?? "" }.first == "cloudwatch-alarm" && names.count == 7)
            let json = try await run(["sources", "list", "--json", "--config", configuration])
            let members = try JSON(parsing: json.outputLines.joined(separator: "\n"))
            #expect(members["sources"]?.array?.first?["name"] == "plant-1")
            #expect(members["mappings"]?.array?.last?["name"] == "alertmanager")

            let show = try await run(["sources", "show", "plant-1", "--config", configuration])
            #expect(show.outputLines.joined(separator: "\n") == Self.mapping)
            let shown = try await run(["sources", "show", "nozomi", "--json"])
            #expect(try JSON(parsing: shown.outputLines.joined(separator: "\n"))["mapping"]?["id"] == ["$.id"])

            let test = try await run(["sources", "test", "--config", configuration])
            #expect(test.exit == .init(status: 0, wasKilled: false))
            #expect(test.outputLines.count == 8 && test.outputLines.last == "\(mapping): 1 test passed.")
            let failing = try folder.write(
                Self.mapping.replacing("severity: HIGH", with: "severity: LOW"), as: "failing.yaml")
            let failed = try await run(["sources", "test", failing])
            #expect(failed.exit == .init(status: 1, wasKilled: false))
            #expect(
                failed.outputLines == [
                    "\(failing): test 1: severity: expected LOW, got HIGH", "\(failing): 1 of 1 tests failed.",
                ])
            let report = try await run(["sources", "test", failing, "--json"])
            let first = try JSON(parsing: report.outputLines.joined(separator: "\n")).array?.first
            #expect(first?["passed"] == false && first?["failures"]?.array?.count == 1)
            let unknown = try await run(["sources", "show", "none"])
            #expect(unknown.exit == .init(status: 78, wasKilled: false) && unknown.errorLines.count == 1)
        }
    }
}
