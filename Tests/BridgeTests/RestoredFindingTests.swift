import AWSCore
import DeviceDefender
import JSON
import SecurityFindings
import Store
import Synchronization
import Testing

@testable import Bridge

@Suite struct RestoredFindingTests {
    private func restored(
        _ finding: SecurityFinding, _ customer: JSON.Members = [:]
    ) throws -> RestoredFinding {
        let json = JSON.object(try #require(finding.json.object).merging(customer) { _, last in last })
        return try #require(RestoredFinding(json, accountRegion: try accountRegion()))
    }

    private func entry(_ observation: Observation) throws -> LedgerEntry {
        try #require(Planner.plan([observation], known: nil, disposition: nil, now: observation.time)).entry.sent
    }

    @Test("A finding of ours gives back the entry that it was sent from")
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

    @Test("The subject is found again also where the id holds a reason code, or an ARN")
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

    @Test("What somebody found out about a violation is restored, so that it stays archived")
    func verified() throws {
        let observed = try observation()
        let judged = VerificationDisposition(
            subject: observed.subject, accountRegion: try accountRegion(), time: observed.time,
            verification: Verification(state: .falsePositive, note: "lab device"), isApplied: true)
        let change = try #require(
            Planner.plan([observed], known: nil, disposition: judged.disposition, now: observed.time))
        let found = try restored(
            try #require(change.finding),
            ["VerificationState": "FALSE_POSITIVE", "Note": ["Text": "lab device", "UpdatedBy": "defender-bridge"]])
        #expect(found.entry == change.entry.sent && found.entry.condition == .present)
        #expect(found.disposition == judged.disposition)
        // What hides a finding counts as the bridge's own only if the bridge said why.
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

    @Test("An audit finding and a summary tell of their audit, an alarm does not")
    func marks() throws {
        let audit = AppliedAudit(
            accountRegion: try accountRegion(), check: Messages.clientIDs, startTime: now, taskID: "task\(now)")
        #expect(try restored(auditObservation().finding).appliedAudit == audit)
        #expect(try restored(summaryObservation().finding).appliedAudit == audit)
        #expect(try restored(observation().finding).appliedAudit == nil)
        // A check that could not run was not applied.
        #expect(try restored(summaryObservation("FAILED").finding).appliedAudit == nil)
    }

    /// A finding as AWS's sample sends it.
    static func sample(_ id: String, generator: String, state: String = "ACTIVE") throws -> JSON {
        let accountRegion = try accountRegion()
        return [
            "SchemaVersion": "2018-10-08", "Id": .string(RestoredFinding.idPrefix(accountRegion) + id),
            "ProductArn": .string(SecurityFinding.productARN(accountRegion: accountRegion)),
            "GeneratorId": .string(generator),
            "AwsAccountId": "111122223333", "Compliance": ["Status": "FAILED"],
            "Types": ["Software and Configuration Checks/AWS IoT Device Defender/X"],
            "CreatedAt": "2026-10-01T10:00:00.123456Z", "UpdatedAt": "2026-10-02T10:00:00.123456Z",
            "Severity": ["Label": "LOW"], "Title": "Title", "Description": "Description",
            "Remediation": ["Recommendation": ["Text": "Text", "Url": "https://example.com/"]],
            "ProductFields": ["ProviderName": "IoTDeviceDefender", "ProviderVersion": "1.0"],
            "Resources": [["Id": "c1", "Type": "Other", "Partition": "aws", "Region": "us-east-1"]],
            "Workflow": ["Status": "NEW"], "RecordState": .string(state),
        ]
    }

    @Test("A finding of AWS's sample is known by its check or rule, as older than everything")
    func sampleFindings() throws {
        let audit = try #require(
            RestoredFinding(
                try Self.sample("audits/finding/\(Messages.clientIDs)-c1", generator: "g"),
                accountRegion: try accountRegion()))
        #expect(audit.entry.kind == .audit && audit.entry.group == Messages.clientIDs)
        #expect(audit.entry.subject == (try auditObservation("c1").subject))
        #expect(audit.entry.id == (try auditObservation("c1").finding.id))
        #expect(audit.entry.eventTime == 0 && audit.entry.condition == .present && audit.appliedAudit == nil)
        let alarm = try #require(
            RestoredFinding(
                try Self.sample("detect/violation/v1", generator: "Fleet/Messages", state: "ARCHIVED"),
                accountRegion: try accountRegion()))
        #expect(alarm.entry.kind == .violation && alarm.entry.group == "Fleet/Messages")
        #expect(alarm.entry.condition == .over && alarm.entry.eventTime == 0)
    }

    @Test("What is not Device Defender's, or of another account, is no finding of ours")
    func others() throws {
        for (id, accountRegion) in [
            ("detect/violation/v1", try accountRegion("eu-west-1")), ("something/else", try accountRegion()),
            ("audits/summary/Daily/X", try accountRegion()), ("audits/finding/-c1", try accountRegion()),
        ] {
            let json = try Self.sample(id, generator: "g")
            #expect(RestoredFinding(json, accountRegion: accountRegion) == nil, "\(id)")
        }
        #expect(RestoredFinding(["Id": 5], accountRegion: try accountRegion()) == nil)
    }
}

@Suite struct LedgerRebuilderTests {
    private func rebuild(_ harness: ProcessingHarness) throws -> LedgerRebuilder {
        LedgerRebuilder(
            accountRegion: try accountRegion(), store: harness.store, client: harness.client,
            clock: { [time = harness.time] in time.now })
    }

    @Test("A rebuilt ledger sends nothing again, and knows what is gone")
    func sameAgain() async throws {
        try await ProcessingHarness.run { harness in
            try await harness.audit("t1", at: now, (0..<150).map { "c\($0)" })
            _ = try await harness.store.append(delivery("a", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            try await harness.store.clearLedger(of: accountRegion())
            #expect(try await rebuild(harness).rebuild() == LedgerRebuilder.Count(restored: 151))
            #expect(try await harness.store.ledgerAccountRegions() == [accountRegion()])
            #expect(try await harness.store.appliedAudits(of: accountRegion())[Messages.clientIDs]?.startTime == now)

            let imports = harness.aws.state.withLock { $0.imports.count }
            try await harness.audit("t0", at: now - 1000, ["gone"])
            _ = try await harness.store.append(delivery("b", Messages.alarm(), of: accountRegion()))
            try await harness.process(of: accountRegion())
            #expect(harness.aws.state.withLock { $0.imports.count } == imports)
            try await harness.audit("t2", at: now + 1000, (1..<150).map { "c\($0)" })
            #expect(harness.aws.state.withLock { $0.imports.last } == [try auditObservation("c0").finding.id])
            #expect(harness.activeClients.count == 150)
        }
    }

    @Test("What AWS's sample left is taken over, and what is stale of it is archived with the next audit")
    func sample() async throws {
        try await ProcessingHarness.run { harness in
            for client in ["c1", "stale"] {
                let json = try RestoredFindingTests.sample(
                    "audits/finding/\(Messages.clientIDs)-\(client)", generator: "g")
                harness.aws.state.withLock { $0.hub[json["Id"]?.string ?? ""] = json }
            }
            let foreign = try RestoredFindingTests.sample("something/else", generator: "g")
            harness.aws.state.withLock { $0.hub[foreign["Id"]?.string ?? ""] = foreign }
            let count = try await rebuild(harness).rebuild()
            #expect(count == LedgerRebuilder.Count(restored: 2, unread: 1, firstUnread: foreign["Id"]?.string))
            try await harness.audit("t1", at: now, ["c1", "c2"])
            #expect(harness.activeClients == ["c1", "c2"])
            let created = harness.aws.state.withLock { $0.hub.values.compactMap { $0["CreatedAt"]?.string }.sorted() }
            #expect(created.filter { $0.hasPrefix("2026-10-01") }.count == 3)
            #expect(harness.aws.state.withLock { $0.ignored } == 0)
        }
    }

    @Test("The first work on an origin waits for its ledger, also while Security Hub does not answer")
    func first() async throws {
        try await ProcessingHarness.run { harness in
            let json = try RestoredFindingTests.sample("detect/violation/v1", generator: "Fleet/MessagesSent-High")
            harness.aws.state.withLock { state in
                state.hub[json["Id"]?.string ?? ""] = json
                state.fault = { path, _ in path == "/findings" ? .status(500, code: "InternalException") : nil }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            try await withPool(harness) {
                await harness.recorder.wait(
                    for: "Security Hub could not be asked for the findings that it has; deliveries wait.", count: 1)
                #expect(harness.aws.state.withLock { $0.imports.isEmpty })
                harness.aws.state.withLock { $0.fault = { _, _ in nil } }
                await harness.recorder.wait(for: "A delivery is done.", count: 1)
            }
            #expect(
                harness.aws.state.withLock { $0.hub.values.map { $0["CreatedAt"] } } == ["2026-10-01T10:00:00.123Z"])
            #expect(harness.recorder.count("The ledger was rebuilt from Security Hub.") == 1)
        }
    }

    @Test("Without permission to ask Security Hub for findings, they are imported all the same")
    func denied() async throws {
        try await ProcessingHarness.run { harness in
            harness.aws.state.withLock { state in
                state.fault = { path, _ in path == "/findings" ? .status(403, code: "AccessDeniedException") : nil }
            }
            _ = try await harness.store.append(delivery("1", Messages.alarm(), of: accountRegion()))
            try await withPool(harness) { await harness.recorder.wait(for: "A delivery is done.", count: 1) }
            #expect(harness.aws.state.withLock { $0.imports.count } == 1)
            #expect(try await harness.store.ledgerAccountRegions().isEmpty)
        }
    }
}

/// The observation that an audit makes of a check.
private func summaryObservation(_ status: String = "COMPLETED_NON_COMPLIANT") throws -> Observation {
    let task = try AuditTask(
        id: "task\(now)", description: Messages.description(startTime: now, checks: [Messages.clientIDs: status]))
    let result = try #require(task.checks.first)
    return Observation(
        summaryOf: result, task: task,
        finding: SecurityFinding(summaryOf: result, task: task, accountRegion: try accountRegion()))
}
