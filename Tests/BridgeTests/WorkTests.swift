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
        #expect(try work(Messages.alarm()).kind == .alarms)
    }

    @Test("A finished audit is to be walked")
    func audit() throws {
        guard case .audit("task9") = try work(Messages.audit("task9")) else { throw Unexpected() }
        #expect(try work(Messages.audit()).kind == .audits)
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
            guard case .verification(let said) = try work(payload, .eventBridge) else { throw Unexpected() }
            #expect(said.subject == FindingID.violation(id: "v1", origin: try origin()) && !said.isApplied)
            #expect(said.verification == Verification(state: .falsePositive, words: "lab device"))
            #expect(said.time.iso8601 == "2026-11-22T09:00:00.000Z")
        }
    }

    @Test("A suppression is work on audit findings, from its own time on, until its end")
    func suppression() throws {
        let time = "2026-11-22T09:00:00Z"
        let subject = try auditObservation("c1").subject
        for (call, until, isSuppressed) in [
            ("CreateAuditSuppression", nil, true), ("CreateAuditSuppression", "2026-12-01T00:00:00Z", true),
            ("UpdateAuditSuppression", "2026-12-01T00:00:00Z", true), ("DeleteAuditSuppression", nil, false),
        ] as [(String, String?, Bool)] {
            let work = try work(Messages.suppression(call, of: "c1", time: time, until: until), .eventBridge)
            guard case .suppression(let said, let keepsExpiry) = work else { throw Unexpected() }
            #expect(said.subject == subject && said.time.iso8601 == "2026-11-22T09:00:00.000Z")
            #expect(said.isSuppressed == isSuppressed && !keepsExpiry && work.kind == .audits)
            #expect(said.expiresAt == until.flatMap { Timestamp(iso8601: $0) })
        }
    }

    @Test("An update that does not mention the end leaves it as it was")
    func updatedWords() throws {
        let parameters: JSON = [
            "checkName": .string(Messages.clientIDs), "resourceIdentifier": ["clientId": "c1"], "description": "x",
        ]
        guard
            case .suppression(_, keepsExpiry: true) = try work(
                Messages.event("UpdateAuditSuppression", parameters), .eventBridge)
        else { throw Unexpected() }
    }

    @Test("A canceled audit is walked like one that ended")
    func canceled() throws {
        let event = Messages.event("CancelAuditTask", ["taskId": "t1"])
        guard case .audit("t1") = try work(event, .eventBridge) else { throw Unexpected() }
    }

    @Test("A call that changes nothing, and one that failed, ask for nothing")
    func later() throws {
        for event in [
            Messages.event("CreateThing", [:]), Messages.event("CancelAuditTask", nil, errorCode: "AccessDenied"),
            Messages.event("CreateAuditSuppression", nil, errorCode: "AccessDenied"),
        ] {
            guard case .later = try work(event, .eventBridge) else { throw Unexpected() }
        }
    }

    @Test("What is due is read back from its delivery, and has one id for one time")
    func due() throws {
        let time = Timestamp(milliseconds: now)
        func delivery(_ work: DueWork, at now: Int64 = now) throws -> Delivery {
            work.delivery(of: try origin(), now: now)
        }
        let ended = try delivery(.suppressionEnded(subject: "é", at: time))
        guard case .suppressionEnded("é", time) = try Work(ended) else { throw Unexpected() }
        #expect(try Work(ended).kind == .audits && ended.id.utf8.allSatisfy { (0x21...0x7E).contains($0) })
        #expect(try delivery(.suppressionEnded(subject: "é", at: time), at: now + 9).id == ended.id)
        #expect(try delivery(.suppressionEnded(subject: "e", at: time)).id != ended.id)
        for kinds in DueWork.RefreshedKinds.allCases {
            let refresh = try delivery(.refresh(kinds))
            guard case .refresh(kinds) = try Work(refresh) else { throw Unexpected() }
            #expect(try Work(refresh).kind == (kinds == .audits ? .audits : .alarms))
            #expect(try delivery(.refresh(kinds), at: now + 1).id == refresh.id)
            #expect(try delivery(.refresh(kinds), at: now + 86_400_000).id != refresh.id)
        }
        #expect(refusal(["refresh": "everything"], .schedule) == "the bridge does not know what is due")
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
