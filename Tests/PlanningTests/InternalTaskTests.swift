import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import TestSupport
import Testing

@testable import Planning

/// Tasks that a released version has queued are read by the next one, and by replicas of the previous one.
@Suite struct InternalTaskTests {
    private static let tasks: [(task: InternalTask, payload: String, id: String)] = [
        (
            .suppressionEnded(subject: "é", at: Timestamp(milliseconds: 1_700_000_000_123)),
            #"{"at":1700000000123,"suppressionEnded":"é"}"#,
            "schedule:suppression/4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c/1700000000123"
        ),
        (.refresh(.audits), #"{"refresh":"audits"}"#, "schedule:refresh/111122223333/us-east-1/audits/19675"),
        (.refresh(.alarms), #"{"refresh":"alarms"}"#, "schedule:refresh/111122223333/us-east-1/alarms/19675"),
        (
            .expireSource(reportedBefore: Timestamp(milliseconds: 5)), #"{"expireSource":5}"#,
            "schedule:expire-source/111122223333/us-east-1/28333333"
        ),
        (
            .archiveSource(reportedBefore: Timestamp(milliseconds: 5)), #"{"archiveSource":5}"#,
            "schedule:archive-source/111122223333/us-east-1/5"
        ),
        (.archiveStale, #"{"archiveStale":true}"#, "schedule:stale/111122223333/us-east-1/19675"),
        (.catchUp(since: nil), #"{"catchUp":"watermark"}"#, "catch-up:"),
        (.catchUp(since: Timestamp(milliseconds: 5)), #"{"catchUp":5}"#, "catch-up:"),
        (.audit(taskID: "t1"), #"{"audit":"t1"}"#, "catch-up:"),
        (.violationEvent(["violationId": "v1"]), #"{"violationEvent":{"violationId":"v1"}}"#, "catch-up:"),
        (.activeViolation(["violationId": "v1"]), #"{"activeViolation":{"violationId":"v1"}}"#, "catch-up:"),
        (
            .verification(
                violationID: "v1", Verification(state: .falsePositive, note: "lab"), asOf: Timestamp(milliseconds: 7)),
            #"{"asOf":7,"state":"FALSE_POSITIVE","verified":"v1","words":"lab"}"#, "catch-up:"
        ),
        (
            .verification(
                violationID: "v1", Verification(state: .unknown, note: nil), asOf: Timestamp(milliseconds: 7)),
            #"{"asOf":7,"state":"UNKNOWN","verified":"v1"}"#, "catch-up:"
        ),
        (
            .violationOver(findingID: "f1", asOf: Timestamp(milliseconds: 7)), #"{"asOf":7,"violationOver":"f1"}"#,
            "catch-up:"
        ),
        (.suppressions, #"{"suppressions":true}"#, "catch-up:"),
    ]

    @Test("The stored payload and the id of a task do not change, and are read", arguments: tasks.indices)
    func stored(index: Int) throws {
        let (task, payload, id) = Self.tasks[index]
        let delivery = task.delivery(of: try accountRegion(), on: "key", now: 1_700_000_000_000)
        #expect(String(decoding: delivery.payload, as: UTF8.self) == payload)
        #expect(id == "catch-up:" ? delivery.id.hasPrefix(id) : delivery.id == id)
        #expect(delivery.channel == (id == "catch-up:" ? .catchUp : .schedule))
        #expect(InternalTask(payload: try JSON(parsing: Array(payload.utf8))) == task)
    }

    @Test("The id of a catch-up task is the digest of its account, Region, key and payload")
    func catchUpID() throws {
        let delivery = InternalTask.catchUp(since: nil).delivery(of: try accountRegion(), on: "key", now: 0)
        // printf '111122223333/us-east-1 key {"catchUp":"watermark"}' | sha256sum
        #expect(delivery.id == "catch-up:11bbf2ba518459c6868458430bd92804fddb2f15382ba53c7eb6326cb46064e8")
    }

    @Test(
        "An unknown task is not read",
        arguments: [#"{"other":1}"#, #"{"refresh":"everything"}"#, #"{"verified":"v1"}"#])
    func unknown(payload: String) throws {
        #expect(InternalTask(payload: try JSON(parsing: Array(payload.utf8))) == nil)
    }

    @Test("A catch-up task survives the round trip through its delivery, and has one id for one key")
    func deliveries() throws {
        let verification = Verification(state: .falsePositive, note: "lab")
        let tasks: [InternalTask] = [
            .catchUp(since: nil), .catchUp(since: now), .audit(taskID: "t1"),
            .violationEvent(Messages.violationEvent()), .activeViolation(Messages.activeViolation()), .suppressions,
            .verification(violationID: "v1", verification, asOf: now),
            .verification(
                violationID: "v1", Verification(state: .unknown, note: nil), asOf: now),
            .violationOver(findingID: "f1", asOf: now),
        ]
        var ids: Set<String> = []
        for task in tasks {
            let delivery = task.delivery(of: try accountRegion(), on: "", now: now)
            #expect(try InternalTask(payload: JSON(parsing: delivery.payload)) == task)
            #expect(delivery == task.delivery(of: try accountRegion(), on: "", now: now))
            #expect(delivery.id.utf8.count <= 256 && delivery.channel == .catchUp)
            ids.formUnion([delivery.id, task.delivery(of: try accountRegion(), on: "2", now: now).id])
            ids.insert(task.delivery(of: try accountRegion("eu-west-1"), on: "", now: now).id)
        }
        #expect(ids.count == tasks.count * 3)
        #expect(InternalTask(payload: ["other": 1]) == nil)
    }
}
