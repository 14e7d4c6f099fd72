import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import Testing

@testable import Bridge

@Suite struct WorkTests {
    private func work(_ payload: JSON, _ source: Delivery.Source = .sns) throws -> Work {
        try Work(delivery("1", payload, from: source, of: origin()))
    }

    private func refusal(_ payload: JSON, _ source: Delivery.Source = .sns) -> String? {
        do {
            _ = try work(payload, source)
            return nil
        } catch {
            return (error as? UnrecognizedMessage)?.reason
        }
    }

    @Test("An alarm is an observation of the topic's account and Region")
    func alarm() throws {
        guard case .alarm(let seen) = try work(Messages.alarm()) else { throw Unexpected() }
        #expect(seen.finding.origin == (try origin()) && seen.time.milliseconds == now)
        #expect(try !work(Messages.alarm()).concernsAudits)
    }

    @Test("A finished audit is to be walked")
    func audit() throws {
        guard case .audit(let task) = try work(Messages.audit("task9")) else { throw Unexpected() }
        #expect(task.id == "task9")
        #expect(try work(Messages.audit()).concernsAudits)
    }

    @Test("An audit of another account than the topic's is refused")
    func foreignAudit() {
        #expect(
            refusal(Messages.audit(account: "999999999999")) == "the audit is of another account than the topic")
    }

    @Test("A verification carries its own time, also in an array of one event")
    func verification() throws {
        let event = Messages.verification("FALSE_POSITIVE", time: "2026-11-22T09:00:00Z")
        for payload in [event, .array([event])] {
            guard case .verification(let id, let said, let time) = try work(payload, .eventBridge) else {
                throw Unexpected()
            }
            #expect(id == "v1" && said == Verification(state: .falsePositive, words: "lab device"))
            #expect(time.iso8601 == "2026-11-22T09:00:00.000Z")
        }
    }

    @Test("A suppression is work on audit findings, from its own time on")
    func suppression() throws {
        let work = try work(Messages.suppression(of: "c1", time: "2026-11-22T09:00:00Z"), .eventBridge)
        guard case .suppression(let suppression, let time) = work else { throw Unexpected() }
        #expect(suppression.check.name == Messages.clientIDs && time.iso8601 == "2026-11-22T09:00:00.000Z")
        #expect(work.concernsAudits)
    }

    @Test("What shows with the next audit asks for nothing now")
    func later() throws {
        let parameters: JSON = ["checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"]]
        for event in [
            Messages.event("DeleteAuditSuppression", parameters), Messages.event("CancelAuditTask", ["taskId": "t1"]),
            Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
        ] {
            guard case .later = try work(event, .eventBridge) else { throw Unexpected() }
        }
    }

    @Test("What is not known is refused with the reason")
    func refusals() throws {
        #expect(refusal(["hello": 1])?.contains("neither an alarm") == true)
        #expect(refusal([1, 2])?.contains("neither an alarm") == true)
        #expect(refusal([:], .eventBridge)?.isEmpty == false)
        #expect(refusal([], .eventBridge)?.contains("must hold one event") == true)
        #expect(refusal([[:], [:]], .eventBridge)?.contains("must hold one event") == true)
        let broken = Delivery(
            id: "sns:1", origin: try origin(), source: .sns, receivedAt: now, payload: Array("{\"a\":".utf8))
        do {
            _ = try Work(broken)
            Issue.record("broken JSON was read")
        } catch {
            #expect(error.reason.hasPrefix("the message is not JSON: "))
        }
    }
}

/// Something is of another kind than expected.
struct Unexpected: Error {}
