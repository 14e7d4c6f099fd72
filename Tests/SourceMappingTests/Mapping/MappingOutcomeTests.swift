import Encoding
import JSON
import SecurityFindings
import Testing

@testable import SourceMapping

@Suite("Outcomes of items")
struct MappingOutcomeTests {
    private let item = MappingSamples.item()
    private static let time = Timestamp(milliseconds: 1_795_341_000_000)

    @Test("an item with the required values becomes an active finding of its source and account-Region")
    func finding() throws {
        let mapped = try MappingSamples.mapping().finding(item)
        let finding = mapped.finding
        #expect(finding.id == "arn:aws:defender-bridge:eu-central-1:111122223333:x/7")
        #expect(finding.generatorID == "x" && finding.recordState == .active && finding.severity.label == .medium)
        #expect(finding.title == "Alarm" && finding.description == "Pump runs dry.")
        #expect(finding.resource.id == "pump-17" && finding.resource.type == "Other" && finding.otherResources.isEmpty)
        #expect(finding.sourceURL == nil && finding.remediation == nil && finding.types == ["Unusual Behaviors"])
        #expect(finding.productFields["ProviderName"] == "x")
        #expect(finding.productFields[ProductField.source] == "x")
        #expect(finding.productFields[ProductField.group] == nil && finding.productFields[ProductField.time] == nil)
        #expect(mapped.group == nil && mapped.time == .unstated)
        #expect(finding.createdAt == testContext.receivedAt && finding.updatedAt == testContext.receivedAt)
    }

    @Test(
        "without a required value the key is named",
        arguments: [("id", MappingKey.id), ("name", .title), ("text", .description), ("device", .resources)])
    func missing(member: String, key: MappingKey) throws {
        let mapping = try MappingSamples.mapping()
        for value: JSON in [nil, "", [1], ["a": 1]] {
            let error = #expect(throws: MappingFailure.self) {
                try mapping.finding(MappingSamples.item([UTF8Text(member): value]))
            }
            #expect(error?.key == key && error?.reason == .notUnderstood)
            #expect(error?.problem.contains("$.\(member)") == true)
        }
    }

    @Test("a severity without a default names its key")
    func severity() throws {
        let mapping = try MappingSamples.mapping([
            "severity": ["path": "$.risk", "steps": [["atLeast": 7, "is": "HIGH"], ["is": "LOW"]]]
        ])
        #expect(throws: MappingFailure(.init(.missing, paths: ["$.risk"]), key: .severity)) {
            try mapping.finding(item)
        }
        let finding = try mapping.finding(MappingSamples.item(["risk": "7.5"])).finding
        #expect(finding.severity.label == .high && finding.severity.original == "7.5")
    }

    @Test("an ignored item becomes nothing, also without required values")
    func ignored() throws {
        let mapping = try MappingSamples.mapping(["ignore": ["kind": ["test"]]])
        #expect(try mapping.outcome(of: ["kind": "test"], in: testContext) == .ignored)
        #expect(throws: MappingFailure.self) { try mapping.outcome(of: ["kind": "other"], in: testContext) }
    }

    @Test("archivedWhen archives; every other item is active")
    func archived() throws {
        let mapping = try MappingSamples.mapping(["archivedWhen": ["status": [["prefix": "close"]]]])
        #expect(mapping.canArchive)
        #expect(try !MappingSamples.mapping().canArchive)
        #expect(try mapping.finding(MappingSamples.item(["status": "closed"])).finding.recordState == .archived)
        #expect(try mapping.finding(MappingSamples.item(["status": "open"])).finding.recordState == .active)
        #expect(try mapping.finding(item).finding.recordState == .active)
    }

    @Test("a group is the path of its parts, and an item can archive it")
    func groups() throws {
        let mapping = try MappingSamples.mapping([
            "group": ["$.site", "$.host"], "archivesGroupWhen": ["type": ["REMOVED"]],
        ])
        let members: JSON.Members = ["site": "a/b", "host": "h"]
        let mapped = try mapping.finding(MappingSamples.item(members))
        #expect(mapped.group == "a%2Fb/h" && mapped.finding.productFields[ProductField.group] == "a%2Fb/h")
        #expect(try mapping.finding(item).group == nil)
        let removal: JSON = ["type": "REMOVED", "site": "a/b", "host": "h"]
        #expect(try mapping.outcome(of: removal, in: testContext) == .archivesGroup("a%2Fb/h", .unstated))
        let timed = try MappingSamples.mapping([
            "group": ["$.site"], "archivesGroupWhen": ["type": ["REMOVED"]],
            "time": ["path": "$.a", "as": "epochMillis"],
            "archivesGroupAt": ["path": "$.b", "as": "epochMillis"],
        ])
        func archival(at time: Int64) throws -> ItemOutcome {
            let item: JSON = ["type": "REMOVED", "site": "s", "a": 1000, "b": .integer(time)]
            return try timed.outcome(of: item, in: testContext)
        }
        #expect(try archival(at: 2001) == .archivesGroup("s", .stated(Timestamp(milliseconds: 2001))))
        // The end of the second.
        #expect(try archival(at: 2000) == .archivesGroup("s", .stated(Timestamp(milliseconds: 2999))))
        let error = #expect(throws: MappingFailure.self) {
            try mapping.outcome(of: ["type": "REMOVED", "site": "a"], in: testContext)
        }
        #expect(error?.key == .group)
    }

    @Test(
        "the time of the state is the item's, or that of receipt if it is too late; without a valid one there is none")
    func times() throws {
        let mapping = try MappingSamples.mapping([
            "time": ["path": ["first": ["$.end", "$.start"]], "as": "iso8601"],
            "firstObservedAt": ["path": "$.first", "as": "epochMillis"],
        ])
        let stated = try mapping.finding(
            MappingSamples.item(["end": "0001-01-01T00:00:00Z", "start": .string(Self.time.iso8601), "first": 1000]))
        #expect(stated.time == .stated(Self.time) && stated.finding.updatedAt == Self.time)
        #expect(stated.finding.firstObservedAt == Timestamp(milliseconds: 1000))
        #expect(stated.finding.productFields[ProductField.time] == Self.time.iso8601)
        let late = try mapping.finding(MappingSamples.item(["end": "2031-01-01T00:00:00Z"]))
        #expect(late.time == .replaced(testContext.receivedAt))
        #expect(try mapping.finding(MappingSamples.item(["end": "soon", "first": 0])).time == .unstated)
        #expect(try mapping.finding(item).finding.firstObservedAt == testContext.receivedAt)
    }

    @Test("an item that names another account or Region is rejected")
    func accounts() throws {
        let mapping = try MappingSamples.mapping(["accounts": ["$.account", "$.arn"]])
        func reason(_ members: JSON.Members) -> MappingFailure.Reason? {
            do throws(MappingFailure) {
                _ = try mapping.outcome(of: MappingSamples.item(members), in: testContext)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason([:]) == nil && reason(["account": "111122223333"]) == nil && reason(["account": "plant"]) == nil)
        #expect(reason(["arn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a"]) == nil)
        #expect(reason(["account": "444455556666"]) == .wrongAccount)
        #expect(reason(["account": .number("444455556666")]) == .wrongAccount)
        #expect(reason(["arn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"]) == .wrongAccount)
        #expect(reason(["arn": "arn:aws:cloudwatch:eu-central-1:444455556666:alarm:a"]) == .wrongAccount)
    }

    @Test("types lose slashes in values, resources without ID are left out, several values are joined")
    func lists() throws {
        let mapping = try MappingSamples.mapping([
            "types": ["TTPs/{$.protocol}", "Effects/{$.absent}"],
            "resources": [
                ["type": "Other", "id": ["first": ["{$.absent}", "{$.device}"]], "details": ["Zones": "$.zones[*]"]],
                ["type": "Other", "id": "{$.absent}"],
                ["type": "Other", "id": "arn:{partition}:iot:{region}:{account}:thing/{$.device}"],
            ],
            "productFields": ["plant/site": "$.site", "plant/absent": "$.absent"],
        ])
        let finding = try mapping.finding(
            MappingSamples.item(["protocol": "tcp/502", "zones": ["a", 1, nil], "site": "north"])
        ).finding
        #expect(finding.types == ["TTPs/tcp-502"])
        #expect(finding.resource.details["Zones"] == "a, 1")
        #expect(finding.otherResources.map(\.id) == ["arn:aws:iot:eu-central-1:111122223333:thing/pump-17"])
        #expect(finding.productFields["plant/site"] == "north" && finding.productFields["plant/absent"] == nil)
    }

    @Test("no value changes where a link leads, and what is no link is left out")
    func links() throws {
        let mapping = try MappingSamples.mapping([
            "sourceUrl": ["first": ["{$.page}", "https://{$.host}/#/alerts?id={$.id}"]],
            "remediation": ["text": "Look at {$.device}.", "url": "{$.runbook}"],
        ])
        func url(_ members: JSON.Members) throws -> String? {
            try mapping.finding(MappingSamples.item(members)).finding.sourceURL
        }
        #expect(
            try url(["host": "h.example", "id": "a&b=/ é"]) == "https://h.example/#/alerts?id=a%26b%3D%2F%20%C3%A9")
        #expect(try url(["host": "evil.example/?"]) == "https://evil.example%2F%3F/#/alerts?id=7")
        #expect(try url(["page": "http://prometheus:9090/graph?g0=a"]) == "http://prometheus:9090/graph?g0=a")
        for page in ["javascript:alert(1)", "https://", "https://a b", "https://a\"", "https://\u{202E}a", "HTTPS://a"]
        {
            #expect(try url(["page": .string(page)]) == nil, "\(page)")
        }
        let remediation = try mapping.finding(MappingSamples.item(["runbook": "https://r.example"])).finding.remediation
        #expect(remediation?.text == "Look at pump-17." && remediation?.url == "https://r.example")
        #expect(try mapping.finding(item).finding.remediation?.url == nil)
    }

    @Test("a message in CEF takes the item's place, and one that is none names the key")
    func cef() throws {
        let mapping = try MappingSamples.mapping([
            "decode": ["cef": "$.message"], "id": ["$.extension.externalId"], "title": "{$.name}",
            "description": "{$.extension.msg}", "resources": [["type": "Other", "id": "{$.extension.src}"]],
        ])
        let line = "CEF:0|Dragos|Platform|2|notification|Scan|4|externalId=9 msg=two words src=10.0.0.1"
        let finding = try mapping.finding(["message": .string(line)]).finding
        #expect(finding.id.hasSuffix(":x/9") && finding.title == "Scan" && finding.description == "two words")
        for item: JSON in [["message": "no CEF"], ["other": .string(line)]] {
            let error = #expect(throws: MappingFailure.self) { try mapping.finding(item) }
            #expect(error?.key == .decode)
        }
    }

    @Test("the items of a message are the elements of arrays and the other selected values, at most 1,000")
    func items() throws {
        let whole = try MappingSamples.mapping()
        #expect(try whole.items(in: ["a": 1]) == [["a": 1]] && whole.items(in: [1, 2]) == [1, 2])
        #expect(try whole.items(in: []).isEmpty)
        let alerts = try MappingSamples.mapping(["each": "$.alerts"])
        #expect(try alerts.items(in: ["alerts": [1, [2]]]) == [1, [2]] && alerts.items(in: ["alerts": 1]) == [1])
        #expect(try alerts.items(in: ["alerts": []]).isEmpty)
        #expect(throws: MappingFailure.self) { try alerts.items(in: ["alert": [1]]) }
        let elements = try MappingSamples.mapping(["each": "$[*].alerts"])
        #expect(try elements.items(in: [["alerts": [1]], ["alerts": [2, 3]]]) == [1, 2, 3])
        #expect(try whole.items(in: .array(Array(repeating: 1, count: 1000))).count == 1000)
        let tooMany = JSON.array(Array(repeating: 1, count: 1001))
        #expect(throws: MappingFailure.self) { try whole.items(in: tooMany) }
        #expect(throws: MappingFailure.self) { try alerts.items(in: ["alerts": tooMany]) }
        let objects = JSON.array(Array(repeating: ["alerts": 1], count: 1001))
        let error = #expect(throws: MappingFailure.self) { try elements.items(in: objects) }
        #expect(error?.key == .each)
    }
}
