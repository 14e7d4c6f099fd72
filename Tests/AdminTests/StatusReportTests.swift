import AWSCore
import Encoding
import EventLoop
import Fixtures
import JSON
import Logging
import SNS
import Store
import Synchronization
import TestSupport
import Testing

@testable import AWSClient
@testable import Admin
@testable import Processing
@testable import Telemetry

@Suite("Status report", .timeLimit(.minutes(15))) struct StatusReportTests {
    private static let topic = "arn:aws:sns:us-east-1:111122223333:device-defender-audit"

    private func report(
        topics: [String] = [topic], activity: ActivityLog? = nil, circuitBreakers: CircuitBreakers? = nil,
        outage: StoreOutageTracker? = nil,
        queue: @escaping @Sendable () throws(StoreError) -> StoreSnapshot.QueueSnapshot = {
            StoreSnapshot.QueueSnapshot()
        },
        ledger: @escaping @Sendable () throws(StoreError) -> StoreSnapshot.Ledger = { StoreSnapshot.Ledger() }
    ) throws -> StatusReport {
        let logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        let clock: @Sendable () -> Timestamp = { now }
        let elapsed: @Sendable () -> Duration = { uptime }
        return StatusReport(
            source: StatusSource { () throws(StoreError) in
                try queue()
            } ledger: { () throws(StoreError) in
                try ledger()
            },
            settings: Reloadable(try .standard(topics: topics)),
            circuitBreakers: circuitBreakers ?? CircuitBreakers(clock: elapsed, logger: logger),
            activity: activity ?? ActivityLog(clock: clock),
            outage: outage ?? StoreOutageTracker(logger: logger, clock: elapsed),
            certificate: { _ in CertificateStatus() }, version: "1.2.3",
            startedAt: now - 812_000,
            clock: clock, elapsed: elapsed)
    }

    @Test("An account-Region is reported with all its members")
    func accountRegions() async throws {
        let (here, there) = (try accountRegion(), try accountRegion("eu-west-1"))
        var queue = StoreSnapshot.QueueSnapshot()
        queue.status.dead = 1
        queue.depths = [
            QueueDepth(accountRegion: here, state: .pending, count: 2, oldestReceivedAt: now - 2000),
            QueueDepth(accountRegion: here, state: .waiting, count: 1, oldestReceivedAt: now - 9000),
            QueueDepth(accountRegion: here, state: .leased, count: 4, oldestReceivedAt: now - 3000),
            QueueDepth(accountRegion: here, state: .dead, count: 1, oldestReceivedAt: now - 99_000),
        ]
        queue.watermarks = [here: now - 60_000]
        queue.lastDeliveries = [here: now - 5000, there: now - 7000]
        queue.deadLetters = [
            DeadLetterSummary(
                id: "sns:1", accountRegion: here, channel: .sns, receivedAt: 0, attempts: 1, firstFailedAt: 0,
                lastFailedAt: 0, reason: "no", payloadLength: 812)
        ]
        var counts = LedgerCounts()
        (counts.active, counts.archived, counts.unsent) = (6, 2, 7)
        let ledger = StoreSnapshot.Ledger(
            counts: counts,
            openFindings: [
                OpenFindings(accountRegion: here, kind: .audit, severity: .critical, count: 1),
                OpenFindings(accountRegion: here, kind: .audit, severity: .low, count: 3, unsent: 2),
                // None of them is in Security Hub yet.
                OpenFindings(accountRegion: here, kind: .audit, severity: .high, count: 0, unsent: 4),
                OpenFindings(accountRegion: here, kind: .audit, severity: nil, count: 0, unsent: 1),
                OpenFindings(accountRegion: there, kind: .mapped, source: "plant", severity: nil, count: 5),
            ],
            audits: [
                FinishedAudit(
                    accountRegion: here, schedule: "Daily", taskID: "t", startTime: now - 60_000, finishedAt: now),
                FinishedAudit(accountRegion: here, schedule: nil, taskID: "u", startTime: now, finishedAt: nil),
            ])
        let activity = ActivityLog { now - 1000 }
        activity.recordDelivery(from: here, isNew: true)
        let snapshot = queue
        let status = try await report(activity: activity) { () throws(StoreError) in
            snapshot
        } ledger: { () throws(StoreError) in
            ledger
        }.json()
        #expect(status["accountRegionsOmitted"] == 0 && status["ready"] == true && status["problem"] == .null)
        let accountRegions = try #require(status["accountRegions"]?.array)
        #expect(
            accountRegions.last == [
                "account": "111122223333", "region": "us-east-1", "lastDeliveryAt": "2026-11-22T09:59:59Z",
                "pending": 3, "leased": 4, "dead": 1, "oldestPendingAt": "2026-11-22T09:59:51Z", "paused": false,
                "denied": nil, "state": "dead_letters",
                "throttledAt": nil, "caughtUpTo": "2026-11-22T09:59:00Z",
                "openFindings": ["CRITICAL": 1, "HIGH": 0, "MEDIUM": 0, "LOW": 3, "INFORMATIONAL": 0],
                "unsentFindings": 7, "lastAuditAt": "2026-11-22T10:00:00Z",
                "audits": [
                    ["schedule": nil, "taskId": "u", "startedAt": "2026-11-22T10:00:00Z", "finishedAt": nil],
                    [
                        "schedule": "Daily", "taskId": "t", "startedAt": "2026-11-22T09:59:00Z",
                        "finishedAt": "2026-11-22T10:00:00Z",
                    ],
                ],
            ])
        #expect(
            status["openFindings"] == [
                "bySeverity": ["CRITICAL": 1, "HIGH": 0, "MEDIUM": 0, "LOW": 3, "INFORMATIONAL": 0, "UNKNOWN": 5],
                "bySource": [
                    [
                        "source": "audit",
                        "bySeverity": ["CRITICAL": 1, "HIGH": 0, "MEDIUM": 0, "LOW": 3, "INFORMATIONAL": 0],
                    ],
                    [
                        "source": "plant",
                        "bySeverity": [
                            "CRITICAL": 0, "HIGH": 0, "MEDIUM": 0, "LOW": 0, "INFORMATIONAL": 0, "UNKNOWN": 5,
                        ],
                    ],
                ], "unsent": 7,
            ])
        #expect(status["schemaVersion"] == 1 && accountRegions.first?["state"] == "working")
        #expect(accountRegions.first?["openFindings"]?["UNKNOWN"] == 5 && accountRegions.first?["unsentFindings"] == 0)
        #expect(status["ledger"] == ["active": 6, "archived": 2, "unsent": 7])
        #expect(accountRegions.first?["lastDeliveryAt"] == "2026-11-22T09:59:53Z")
        #expect(status["deadLetters"]?["total"] == 1)
        #expect(status["deadLetters"]?["newest"]?.array?.first?["payloadBytes"] == 812)
        #expect(status["lastHour"]?["deliveries"]?.array?.count == 60)
        #expect(status["lastHour"]?["deliveries"]?.array?[58] == 1)
        #expect(status["uptimeSeconds"] == 812 && status["at"] == "2026-11-22T10:00:00Z")
        #expect(status["health"]?["state"] == "attention")
    }

    @Test("Mapped sources are reported in the order of the file, then those that are not configured any more")
    func sources() throws {
        let (here, there) = (try accountRegion(), try accountRegion("eu-west-1"))
        var queue = StoreSnapshot.QueueSnapshot()
        queue.depths = [
            QueueDepth(accountRegion: here, state: .pending, count: 9, oldestReceivedAt: now),
            QueueDepth(accountRegion: here, source: "plant", state: .pending, count: 2, oldestReceivedAt: now - 2000),
            QueueDepth(accountRegion: there, source: "plant", state: .waiting, count: 1, oldestReceivedAt: now - 9000),
            QueueDepth(accountRegion: there, source: "gone", state: .dead, count: 3, oldestReceivedAt: now - 9000),
        ]
        queue.pauses = [Pause(.source("alarms"), pausedBy: "alice", pausedAt: now, reason: nil)]
        let all = SourceStatus.all(configured: ["plant", "alarms"], stored: queue, denied: [])
        #expect(
            all.map { $0.json(isKnown: true) } == [
                [
                    "name": "plant", "configured": true, "denied": 0, "pending": 3, "leased": 0, "dead": 0,
                    "oldestPendingAt": "2026-11-22T09:59:51Z", "paused": false,
                ],
                [
                    "name": "alarms", "configured": true, "denied": 0, "pending": 0, "leased": 0, "dead": 0,
                    "oldestPendingAt": nil, "paused": true,
                ],
                [
                    "name": "gone", "configured": false, "denied": 0, "pending": 0, "leased": 0, "dead": 3,
                    "oldestPendingAt": nil, "paused": false,
                ],
            ])
        let unknown = SourceStatus.all(configured: ["plant"], stored: nil, denied: [])
        #expect(unknown.map { $0.json(isKnown: false)["pending"] } == [.null])
    }

    @Test("Denial, pause and throttling are reported for their account-Region")
    func suspensions() async throws {
        let logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        let circuitBreakers = CircuitBreakers(clock: { uptime - .seconds(30) }, logger: logger)
        let far = try accountRegion("eu-west-1")
        let error = AWSError(.accessDenied, service: .securityHub, operation: "BatchImportFindings", message: "no")
        circuitBreakers.recordFailure(error, DeliveryLane(far))
        let status = try await report(circuitBreakers: circuitBreakers) { () throws(StoreError) in
            var queue = StoreSnapshot.QueueSnapshot()
            queue.pauses = [Pause(.account(far.account), pausedBy: "alice", pausedAt: now, reason: nil)]
            return queue
        }.json()
        let accountRegions = try #require(status["accountRegions"]?.array)
        #expect(accountRegions.map { $0["region"] } == ["eu-west-1", "us-east-1"])
        #expect(accountRegions.allSatisfy { $0["paused"] == true })
        let denial: JSON = [
            "cause": "accessDenied", "reason": .string(error.description), "since": "2026-11-22T09:59:30Z",
            "retryAt": accountRegions[0]["denied"]?["retryAt"] ?? .null,
        ]
        #expect(accountRegions.map { $0["state"] } == ["denied", "paused"])
        #expect(accountRegions[0]["denied"] == denial && accountRegions[1]["denied"] == .null)
        #expect(status["denied"]?.array?.first?["region"] == "eu-west-1")
        #expect(status["health"]?["state"] == "failing")
    }

    @Test("Members from an unavailable store are null, not zero")
    func outage() async throws {
        let failure = StoreError(.unavailable, "The disk has failed.")
        let activity = ActivityLog { now }
        activity.recordDelivery(from: try accountRegion(), isNew: true)
        let isOut = Mutex(false)
        let reported = try report(activity: activity) { () throws(StoreError) in
            if isOut.withLock({ $0 }) { throw failure }
            return StoreSnapshot.QueueSnapshot()
        }
        #expect(await reported.json()["health"]?["state"] == "working")
        isOut.withLock { $0 = true }
        let status = await reported.json()
        #expect(status["health"]?["state"] == "unknown" && status["ready"] == false)
        #expect(status["problem"] == "The disk has failed.")
        for name in [
            "queue", "ledger", "openFindings", "pauses", "subscriptions", "subscriptionsOmitted", "deadLetters",
        ] {
            #expect(status[name] == .null, "\(name)")
        }
        let here = try #require(status["accountRegions"]?.array?.first)
        for name in [
            "pending", "leased", "dead", "oldestPendingAt", "paused", "caughtUpTo", "openFindings",
            "unsentFindings", "audits",
        ] {
            #expect(here[name] == .null, "\(name)")
        }
        // Members from this process are known.
        #expect(here["lastDeliveryAt"] == "2026-11-22T10:00:00Z")
        #expect(status["lastHour"]?["deliveries"]?.array?.last == 1)
        isOut.withLock { $0 = false }
        #expect(await reported.json()["queue"]?["pending"] == 0)
    }

    @Test("A ledger that cannot be read, or a store that rejects writes, is an outage")
    func partialOutages() async throws {
        let failure = StoreError(.unavailable, "The disk has failed.")
        let unreadable = try await report(ledger: { () throws(StoreError) in throw failure }).json()
        #expect(unreadable["health"]?["state"] == "unknown" && unreadable["queue"] == .null)
        let logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        let outage = StoreOutageTracker(logger: logger, clock: { uptime })
        outage.failed("The disk is full.")
        let unwritable = try await report(outage: outage).json()
        #expect(unwritable["health"]?["state"] == "failing" && unwritable["ready"] == true)
    }

    @Test("A ledger whose query times out is null; everything else is reported")
    func slowLedger() async throws {
        let time = SimulatedTime()
        var reported = try report()
        reported.source = StatusSource(
            queue: CachedQuery(limit: .zero, timeout: .seconds(5)) { () throws(StoreError) in
                StoreSnapshot.QueueSnapshot()
            },
            ledger: CachedQuery(limit: .zero, timeout: .seconds(5), on: time, sleep: { try await time.sleep(for: $0) })
            {
                () throws(StoreError) in
                try? await time.sleep(for: .seconds(60))
                return StoreSnapshot.Ledger()
            },
            deadLetterGroups: CachedQuery(limit: .zero, timeout: .seconds(5)) { () throws(StoreError) in
                DeadLetterGroups()
            })
        let slow = reported
        try await time.run {
            let status = await slow.json()
            #expect(status["health"]?["state"] == "working" && status["queue"]?["pending"] == 0)
            let here = try #require(status["accountRegions"]?.array?.first)
            #expect(here["openFindings"] == .null && here["audits"] == .null && here["pending"] == 0)
        }
    }

    @Test("At most five thousand account-Regions are reported, with the number of omitted ones")
    func bounded() async throws {
        let status = try await report { () throws(StoreError) in
            var queue = StoreSnapshot.QueueSnapshot()
            for number in 0..<5500 {
                guard let account = AccountID(String(222_200_000_000 + number)), let region = Region("us-east-1")
                else { continue }
                queue.lastDeliveries[AccountRegion(account: account, region: region)] = now
            }
            return queue
        }.json()
        // One comes from the topic.
        #expect(status["accountRegions"]?.array?.count == 5000 && status["accountRegionsOmitted"] == 501)
    }

    @Test("Without topics and EventBridge credentials the state is failing")
    func noSources() async throws {
        let status = try await report(topics: []).json()
        #expect(status["health"]?["state"] == "failing" && status["accountRegions"] == [])
    }
}
