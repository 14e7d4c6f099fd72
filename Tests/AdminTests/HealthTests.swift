import AWSCore
import Encoding
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store
import TestSupport
import Testing

@testable import Admin
@testable import Intake
@testable import Processing
@testable import Telemetry

@Suite("Health") struct HealthTests {
    private func input(_ change: (inout HealthInput) throws -> Void = { _ in }) throws -> HealthInput {
        var input = HealthInput(now: now, startedAt: now - 3_600_000, stored: StoreSnapshot.QueueSnapshot())
        try change(&input)
        return input
    }

    private func depth(_ state: QueueDepth.State, _ count: Int = 1, age: Int64) throws -> QueueDepth {
        QueueDepth(accountRegion: try accountRegion(), state: state, count: count, oldestReceivedAt: now - age)
    }

    private func denial(reason: String = "AccessDeniedException: no") throws -> CircuitBreakers.Entry {
        CircuitBreakers.Entry(
            lane: DeliveryLane(try accountRegion()),
            denial: CircuitBreaker.Denial(
                cause: .accessDenied, reason: reason, since: .zero, retryAt: .zero, attempts: 1))
    }

    private func pause(_ account: AccountID?) -> Pause {
        Pause(account.map(Pause.Scope.account) ?? .all, pausedBy: "alice", pausedAt: now, reason: "maintenance")
    }

    private func subscription(_ state: Subscription.State, age: Int64 = 0) throws -> Subscription {
        Subscription(
            topic: ARN(service: "sns", accountRegion: try accountRegion(), resource: "topic"), state: state,
            messageID: "m",
            publishedAt: now, changedAt: now - age)
    }

    @Test("Without problems the state is working")
    func working() throws {
        let health = Health(
            try input { input in
                input.stored?.depths = [try depth(.pending, 9, age: 60_000), try depth(.leased, age: 59_000)]
                input.stored?.subscriptions = [
                    try subscription(.confirmed, age: Int64.max / 2), try subscription(.pending, age: 900_000),
                ]
                input.stored?.watermarks = [try accountRegion(): now - 3 * 900_000]
                input.catchUpInterval = .seconds(900)
                input.maximumPending = 10
                input.stored?.status.pending = 8
                input.freeSpace = 500_000_000
            })
        #expect(health.state == .working && health.problems == [])
    }

    @Test(
        "Deliveries to a wrong path and messages of other applications are reported for a day, up to a limit")
    func intakeProblems() throws {
        let topic = ARN(service: "sns", accountRegion: try accountRegion(), resource: "topic")
        var intakeProblems = IntakeProblems()
        for number in 0..<50 {
            let request = ServerRequest(
                head: HTTPRequest(
                    method: .post, scheme: "https", authority: "b", path: "/prod/sns\(number)",
                    headerFields: [try #require(.init("x-amz-sns-message-type")): "Notification"]))
            intakeProblems.record(try #require(MisdirectedDelivery(request)), now: now + number)
        }
        for _ in 0..<3 { intakeProblems.recordUnrelated(topic, now: now) }
        #expect(
            intakeProblems.misdirected.count == IntakeProblems.limit
                && intakeProblems.misdirected.keys.contains { $0.path == "/prod/sns49" })
        let health = Health(try input { $0.intakeProblems = intakeProblems.recent(now: now) })
        #expect(health.state == .attention && health.problems.count == 2)
        #expect(
            health.problems.first?.summary.hasPrefix(
                "Amazon SNS delivers to 20 wrong paths, such as /prod/sns30 (20 times, last ") == true)
        let unrelated = try #require(health.problems.last)
        #expect(unrelated.affected.first?.detail == "\(topic) (3 times)")
        #expect(unrelated.summary.contains("(3 times, last "))
        let later = intakeProblems.recent(now: now + IntakeProblems.lifetime + 50)
        #expect(later.misdirected.isEmpty && later.unrelated.isEmpty)
    }

    @Test("A misdirected delivery is recognized by the sender's headers, not by its path alone")
    func misdirected() throws {
        func delivery(_ path: String, _ name: String?, _ value: String = "", method: HTTPRequest.Method = .post) throws
            -> MisdirectedDelivery?
        {
            var fields = HTTPFields()
            if let name { fields[try #require(.init(name))] = value }
            return MisdirectedDelivery(
                ServerRequest(
                    head: HTTPRequest(method: method, scheme: "https", authority: "b", path: path, headerFields: fields)
                ))
        }
        let (sns, agent, bus) = ("x-amz-sns-message-type", "User-Agent", "Amazon/EventBridge/ApiDestinations")
        for path in ["/", "/sns2", "/SNS", "//sns", "/sns//", "/eventbridge"] {
            #expect(try delivery(path, sns)?.sender == .sns)
        }
        for path in ["/sns", "/eventbridge/x", ""] { #expect(try delivery(path, agent, bus)?.sender == .eventBridge) }
        for path in ["/sns", "/sns/", "/sns?a=b"] { #expect(try delivery(path, sns) == nil) }
        for path in ["/eventbridge", "/eventbridge/"] { #expect(try delivery(path, agent, bus) == nil) }
        #expect(try delivery("/x", nil) == nil)
        #expect(try delivery("/x", agent, "curl/8") == nil)
        #expect(try delivery("/x", sns, method: .get) == nil)
        #expect(try delivery("/" + String(repeating: "é", count: 500), sns)?.path.utf8.count ?? 0 <= 203)
    }

    /// Expects a change of the input to lead to exactly one problem.
    private func expect(
        _ state: Health.State, _ severity: HealthProblem.Severity, _ words: String, about: String?,
        _ change: (inout HealthInput) throws -> Void, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let health = Health(try input(change))
        #expect(health.state == state, sourceLocation: location)
        let problem = try #require(health.problems.first, sourceLocation: location)
        #expect(health.problems.count == 1 && problem.severity == severity, sourceLocation: location)
        #expect(problem.summary.contains(words), "\(problem.summary)", sourceLocation: location)
        #expect(place(of: problem) == about && problem.remediation.count > 20, sourceLocation: location)
    }

    /// The topic, the account-Region or the account that is affected first.
    private func place(of problem: HealthProblem) -> String? {
        guard let place = problem.affected.first else { return nil }
        if let topic = place.detail, topic.hasPrefix("arn:") { return topic }
        let names = [place.account?.digits, place.region?.name].compactMap(\.self)
        return names.isEmpty ? nil : names.joined(separator: "/")
    }

    @Test("An unavailable store makes the state unknown, whatever else is known")
    func unknown() throws {
        try expect(.unknown, .critical, "The store is unavailable: The disk is full.", about: nil) {
            ($0.stored, $0.storeProblem) = (nil, "The disk is full.")
        }
        let health = Health(
            try input {
                ($0.stored, $0.storeProblem, $0.denied) = (nil, "gone", [try denial()])
            })
        #expect(health.state == .unknown && health.problems.count == 2)
    }

    @Test("A problem that keeps findings from Security Hub makes the state failing")
    func failing() throws {
        try expect(.failing, .critical, "The store is unavailable: writes fail", about: nil) {
            $0.storeProblem = "writes fail"
        }
        try expect(.failing, .critical, "AccessDeniedException: no", about: "111122223333/us-east-1") {
            $0.denied = [try denial()]
        }
        try expect(
            .failing, .critical, "All deliveries are rejected: no sns.topics, EventBridge credentials or sources",
            about: nil
        ) {
            $0.hasChannel = false
        }
        try expect(.failing, .critical, "TLS certificate expired", about: nil) {
            $0.certificateWarnings = ["TLS certificate expired. Replace its file."]
            $0.hasInvalidCertificate = true
        }
        try expect(.failing, .critical, "The queue is 100 % full", about: nil) {
            $0.stored?.status.pending = 9
            $0.stored?.status.leased = 1
            $0.maximumPending = 10
        }
    }

    @Test("A replica that does not process an account it owns makes the state failing, and is reported once")
    func stalled() throws {
        let about = "111122223333/us-east-1"
        let words = "Replica one:7 owns account 111122223333 in us-east-1 and has not processed it for 1m 30s"
        try expect(.failing, .critical, words, about: about) {
            $0.stored?.depths = [try depth(.pending, age: 600_000)]
            $0.stored?.sharing.stalls = [
                SharingStatus.Stall(accountRegion: try accountRegion(), replica: "one:7", idleTime: .seconds(90))
            ]
        }
        try expect(.attention, .warning, "is paused", about: nil) {
            $0.stored?.pauses = [pause(nil)]
            $0.stored?.sharing.stalls = [
                SharingStatus.Stall(accountRegion: try accountRegion(), replica: "one:7", idleTime: .seconds(90))
            ]
        }
    }

    @Test("A replica with a wrong clock is named")
    func clocks() throws {
        try expect(
            .attention, .warning, "The clock of replica one:7 is 5m 0s ahead of the database's clock.", about: nil
        ) {
            $0.stored?.sharing.replicas = [
                SharingStatus.Replica(name: "one:7", clockOffset: .seconds(300)),
                SharingStatus.Replica(name: "two:7", clockOffset: .seconds(-3)),
            ]
        }
        try expect(.attention, .warning, "is 4s behind the database's clock.", about: nil) {
            $0.stored?.sharing.replicas = [SharingStatus.Replica(name: "one:7", clockOffset: .seconds(-4))]
        }
    }

    @Test("A problem that does not stop findings makes the state attention")
    func attention() throws {
        let about = "111122223333/us-east-1"
        try expect(.attention, .warning, "7 dead letters of account", about: about) {
            $0.stored?.depths = [try depth(.dead, 7, age: 86_400_000)]
        }
        try expect(.attention, .critical, "the oldest delivery has been in the queue for 1m 1s", about: about) {
            $0.stored?.depths = [try depth(.waiting, age: 61_000), try depth(.pending, age: 1)]
        }
        try expect(.attention, .warning, "Device Defender was last queried for missed events 46m 40s ago", about: about)
        {
            $0.stored?.watermarks = [try accountRegion(): now - 2_800_000]
            $0.catchUpInterval = .seconds(900)
        }
        try expect(.attention, .critical, "expires in 3 days", about: nil) {
            $0.certificateWarnings = ["TLS certificate expires in 3 days. Replace its file."]
        }
        try expect(.attention, .warning, "is ended", about: "arn:aws:sns:us-east-1:111122223333:topic") {
            $0.stored?.subscriptions = [try subscription(.ended)]
        }
        try expect(.attention, .warning, "is pending", about: "arn:aws:sns:us-east-1:111122223333:topic") {
            $0.stored?.subscriptions = [try subscription(.pending, age: 900_001)]
        }
        try expect(.attention, .warning, "for account 111122223333 is paused by alice: maint", about: "111122223333") {
            $0.stored?.pauses = [pause(try accountRegion().account)]
        }
        try expect(.attention, .warning, "for all accounts is paused", about: nil) { $0.stored?.pauses = [pause(nil)] }
        try expect(.attention, .warning, "499 MB are free", about: nil) { $0.freeSpace = 499_999_999 }
        try expect(.attention, .critical, "The queue is 90 % full", about: nil) {
            $0.stored?.status.pending = 9
            $0.maximumPending = 10
        }
    }

    @Test("Consequences of a denial or a pause are not reported as further problems")
    func consequences() throws {
        for change in [
            { (input: inout HealthInput) in input.denied = [try denial()] },
            { (input: inout HealthInput) in input.stored?.pauses = [pause(nil)] },
        ] {
            let health = Health(
                try input { input in
                    try change(&input)
                    input.stored?.depths = [try depth(.pending, age: 600_000)]
                    input.stored?.watermarks = [try accountRegion(): 0]
                    input.catchUpInterval = .seconds(900)
                })
            #expect(health.problems.count == 1)
        }
    }

    @Test("Catch-up may be overdue after a start, and subscriptions to removed topics may have ended")
    func excused() throws {
        let health = Health(
            try input { input in
                input.startedAt = now - 599_000
                input.stored?.watermarks = [try accountRegion(): 0]
                input.catchUpInterval = .seconds(900)
                input.stored?.subscriptions = [try subscription(.ended)]
                input.acceptsTopic = { _ in false }
            })
        #expect(health.state == .working && health.problems == [])
    }

    @Test("Critical problems come first, and their number is limited")
    func limit() throws {
        let health = Health(
            try input { input in
                input.stored?.depths = [try depth(.dead, age: 1)]
                input.denied = try (1...80).map { try denial(reason: "no \($0)") }
            })
        #expect(health.state == .failing && health.problems.count == Health.problemLimit)
        #expect(health.problems.dropLast().allSatisfy { $0.severity == .critical })
        #expect(health.problems.last?.summary == "32 more problems.")
    }

    @Test("Accounts that AWS denies for the same reason are one problem, with those affected and since when")
    func causes() throws {
        func role(_ number: Int) -> String {
            "STS AssumeRole failed (AccessDenied, HTTP 403): arn:aws:iam::\(111_100_000_000 + number):role/bridge denied. "
                + "[request 7f9a-\(number)]"
        }
        let health = Health(
            try input { input in
                input.elapsed = .seconds(100)
                input.denied = try (0..<300).map { number in
                    let account = try #require(AccountID("\(111_100_000_000 + number)"))
                    let region = try accountRegion().region
                    return CircuitBreakers.Entry(
                        lane: DeliveryLane(AccountRegion(account: account, region: region)),
                        denial: CircuitBreaker.Denial(
                            cause: .accessDenied, reason: role(number), since: .seconds(number == 7 ? 10 : 90),
                            retryAt: .zero, attempts: 1))
                }
                input.denied.append(try denial(reason: "another reason"))
            })
        #expect(health.problems.count == 2)
        let problem = try #require(health.problems.first)
        #expect(
            problem.summary
                == "AWS denies access in 300 accounts: STS AssumeRole failed (AccessDenied, HTTP 403): (ARN) denied.")
        #expect(problem.affected.count == 200 && problem.affectedOmitted == 100 && problem.since == now - 90_000)
        #expect(problem.affected.map(\.account?.digits).prefix(2) == ["111100000000", "111100000001"])
        #expect(
            problem.json["cause"] == "aws_denied" && problem.json["commands"] == ["defender-bridge check"]
                && problem.json["runbook"] == "deploy/docs/runbooks.md#defenderbridgeaccountdenied")
    }

    @Test("Late, dead and overdue account-Regions are one problem each, with the worst time")
    func combined() throws {
        let (here, there) = (try accountRegion(), try accountRegion("eu-west-1"))
        let health = Health(
            try input { input in
                input.catchUpInterval = .seconds(60)
                input.stored?.watermarks = [here: now - 600_000, there: now - 1_200_000]
                input.stored?.depths = [here, there].flatMap { place in
                    [
                        QueueDepth(accountRegion: place, state: .pending, count: 1, oldestReceivedAt: now - 90_000),
                        QueueDepth(accountRegion: place, state: .dead, count: 2, oldestReceivedAt: now - 5000),
                    ]
                }
            })
        #expect(
            health.problems.map(\.summary) == [
                "Findings of 2 account-Regions are late: the oldest delivery has been in the queue for 1m 30s.",
                "4 dead letters of 2 account-Regions.",
                "Catch-up of 2 account-Regions is overdue: Device Defender was last queried for missed events 20m 0s ago.",
            ])
        #expect(health.problems.allSatisfy { $0.affected.count == 2 })
        #expect(health.problems.map(\.since) == [now - 90_000, now - 5000, now - 1_200_000])
    }

    @Test("Each cause has a section in the runbooks, and stable words")
    func runbooks() {
        let words = HealthProblem.Cause.allCases.map(\.rawValue)
        #expect(words.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } })
        #expect(HealthProblem.Cause.allCases.filter { $0.runbook == nil } == [.more])
    }

    @Test(
        "A reason is normalized to what accounts and requests have in common",
        arguments: [
            ("no access", "no access"),
            ("arn:aws:iam::111122223333:role/x, arn:aws:iot:a.", "(ARN), (ARN)."),
            ("account 111122223333 in us-east-1: HTTP 403", "account (account) in (Region): HTTP 403"),
            ("task 1f0e2d3c-0000-4000-8000-000000000001 failed 10 times", "task (id) failed 10 times"),
            ("denied [request 5b5a]", "denied"), ("[request 5b5a] x", "[request 5b5a] x"),
            ("arn", "arn"), ("é 1111222233334", "é 1111222233334"),
            ("securityhub.eu-west-1.amazonaws.com", "securityhub.(Region).amazonaws.com"),
        ])
    func normalizedReasons(reason: String, expected: String) {
        #expect(NormalizedReason.text(reason) == expected)
        #expect(NormalizedReason.text(expected) == expected)
    }
}
