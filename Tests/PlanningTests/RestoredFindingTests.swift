import AWSCore
import DeviceDefender
import Encoding
import Fixtures
import JSON
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Planning

@Suite struct RestoredFindingTests {
    private func restored(
        _ finding: SecurityFinding, _ customer: JSON.Members = [:]
    ) throws -> RestoredFinding {
        let json = JSON.object(
            try #require(JSON(parsing: finding.serialized()).object).merging(customer) { _, last in last })
        return try #require(RestoredFinding(json, accountRegion: try accountRegion()))
    }

    private func entry(_ observation: Observation) throws -> LedgerEntry {
        try #require(Planner.plan([observation], known: nil, disposition: nil, now: observation.time)).entry.sent
    }

    @Test("A finding of the bridge restores the ledger entry that it was sent from")
    func ours() throws {
        for observation in [
            try observation(), try observation(event: "alarm-cleared"), try auditObservation(),
            try auditObservation("пампа 17/1"), try auditObservation(isSuppressed: true), try summaryObservation(),
            try summaryObservation("COMPLETED_COMPLIANT"),
        ] {
            let entry = try entry(observation)
            let sent = try #require(SecurityFinding(try JSON(parsing: entry.finding)))
            #expect(try restored(sent).entry == entry, "\(entry.id)")
        }
    }

    @Test("The subject is restored if the id contains a reason code or an ARN")
    func subjects() throws {
        for (check, identifier, reason) in [
            (
                "IOT_POLICY_OVERLY_PERMISSIVE_CHECK",
                ["policyVersionIdentifier": ["policyName": "P", "policyVersionId": "3"]], "A_B"
            ),
            (
                "DEVICE_CERTIFICATE_KEY_QUALITY_CHECK",
                ["deviceCertificateArn": "arn:aws:iot:us-east-1:111122223333:cert/abc"], "C"
            ),
            ("DEVICE_CERTIFICATE_EXPIRING_CHECK", ["deviceCertificateId": "abc"], "D"),
        ] as [(String, JSON, String)] {
            var members = try #require(Messages.auditFinding("x", at: now, check: check).object)
            members["nonCompliantResource"] = ["resourceIdentifier": identifier]
            members["reasonForNonComplianceCode"] = .string(reason)
            let finding = try AuditFinding(.object(members))
            let task = try AuditTask(id: "task1", description: Messages.description(startTime: now, checks: [:]))
            let observation = Observation(
                finding, task: task,
                finding: SecurityFinding(auditFinding: finding, task: task, accountRegion: try accountRegion()))
            #expect(try restored(observation.finding).entry.subject == observation.subject)
        }
    }

    @Test("The verification of a violation is restored, so that the finding stays archived")
    func verified() throws {
        let observed = try observation()
        let verification = VerificationDisposition(
            subject: observed.subject, accountRegion: try accountRegion(), time: observed.time,
            verification: Verification(state: .falsePositive, note: "lab device"), isApplied: true)
        let change = try #require(
            Planner.plan([observed], known: nil, disposition: verification.disposition, now: observed.time))
        let found = try restored(
            try #require(change.finding),
            ["VerificationState": "FALSE_POSITIVE", "Note": ["Text": "lab device", "UpdatedBy": "defender-bridge"]])
        #expect(found.entry == change.entry.sent && found.entry.condition == .present)
        #expect(found.disposition == verification.disposition)
        // A status counts as set by the bridge only if the bridge wrote the note.
        for (author, isHidden) in [("defender-bridge", true), ("alice", false)] {
            let hidden = try restored(
                try #require(change.finding),
                [
                    "VerificationState": "FALSE_POSITIVE", "Workflow": ["Status": "SUPPRESSED"],
                    "Note": ["Text": "lab device", "UpdatedBy": .string(author)],
                ])
            #expect(hidden.disposition.flatMap { VerificationDisposition($0) }?.isHidden == isHidden)
        }
        #expect(try restored(observed.finding, ["VerificationState": "UNKNOWN"]).disposition == nil)
    }

    @Test("Audit findings and summaries restore their audit, alarms do not")
    func appliedAudits() throws {
        let audit = AppliedAudit(
            accountRegion: try accountRegion(), check: Messages.clientIDs, startTime: now,
            taskID: "task\(now.milliseconds)")
        #expect(try restored(auditObservation().finding).appliedAudit == audit)
        #expect(try restored(summaryObservation().finding).appliedAudit == audit)
        #expect(try restored(observation().finding).appliedAudit == nil)
        // A check that could not run was not applied.
        #expect(try restored(summaryObservation("FAILED").finding).appliedAudit == nil)
    }

    @Test("A finding of AWS's sample is restored by its check or rule, as older than any report")
    func sampleFindings() throws {
        let audit = try #require(
            RestoredFinding(
                try Messages.sampleFinding("audits/finding/\(Messages.clientIDs)-c1", generator: "g"),
                accountRegion: try accountRegion()))
        #expect(audit.entry.kind == .audit && audit.entry.group == Messages.clientIDs)
        #expect(audit.entry.subject == (try auditObservation("c1").subject))
        #expect(audit.entry.id == (try auditObservation("c1").finding.id))
        #expect(audit.entry.eventTime == 0 && audit.entry.condition == .present && audit.appliedAudit == nil)
        let alarm = try #require(
            RestoredFinding(
                try Messages.sampleFinding("detect/violation/v1", generator: "Fleet/Messages", state: "ARCHIVED"),
                accountRegion: try accountRegion()))
        #expect(alarm.entry.kind == .violation && alarm.entry.group == "Fleet/Messages")
        #expect(alarm.entry.condition == .over && alarm.entry.eventTime == 0)
    }

    @Test("Findings of other products, accounts and Regions are not restored")
    func others() throws {
        for (id, accountRegion) in [
            ("detect/violation/v1", try accountRegion("eu-west-1")), ("something/else", try accountRegion()),
            ("audits/summary/Daily/X", try accountRegion()), ("audits/finding/-c1", try accountRegion()),
        ] {
            let json = try Messages.sampleFinding(id, generator: "g")
            #expect(RestoredFinding(json, accountRegion: accountRegion) == nil, "\(id)")
        }
        #expect(RestoredFinding(["Id": 5], accountRegion: try accountRegion()) == nil)
    }
}

/// The observation of a check summary.
private func summaryObservation(_ status: String = "COMPLETED_NON_COMPLIANT") throws -> Observation {
    let task = try AuditTask(
        id: "task\(now.milliseconds)",
        description: Messages.description(startTime: now, checks: [Messages.clientIDs: status]))
    let result = try #require(task.checks.first)
    return Observation(
        summaryOf: result, task: task,
        finding: SecurityFinding(summaryOf: result, task: task, accountRegion: try accountRegion()))
}
