import AWSClient
import AWSCore
import JSON
import SecurityFindings
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge

@Suite(.timeLimit(.minutes(1))) struct CircuitBreakerTests {
    @Test("While nothing is denied, everything may be sent")
    func good() {
        var circuitBreaker = CircuitBreaker()
        let admissions = (0..<2).map { _ in circuitBreaker.admit(now: now) }
        #expect(admissions == [.everything, .everything])
        let denial = circuitBreaker.worked()
        #expect(denial == nil)
    }

    @Test("After a denial one is tried when its time has come, then the next later, up to a minute")
    func tries() {
        var circuitBreaker = CircuitBreaker()
        // Those that were under way say the same.
        let news = [circuitBreaker.denied("no", now: now), circuitBreaker.denied("no", now: now + 5)]
        #expect(news == [true, false])
        var time = now
        for pause: Int64 in [1, 2, 4, 8, 16, 32, 60, 60] {
            let early = circuitBreaker.admit(now: time + pause * 1000 - 1)
            time += pause * 1000
            let admissions = (0..<2).map { _ in circuitBreaker.admit(now: time) }
            #expect(early == .nothing && admissions == [.one, .nothing])
            #expect(!circuitBreaker.admitsAnything(now: time))
            let news = (0..<2).map { _ in circuitBreaker.denied("still no", now: time) }
            #expect(news == [false, false])
            circuitBreaker.ended()
        }
        #expect(circuitBreaker.denial?.since == now && circuitBreaker.denial?.reason == "still no")
    }

    @Test("The first that works opens the way for all; one that shows nothing is followed by the next")
    func opened() {
        var circuitBreaker = CircuitBreaker()
        _ = circuitBreaker.denied("no", now: now)
        let first = circuitBreaker.admit(now: now + 1000)
        circuitBreaker.ended()
        let second = circuitBreaker.admit(now: now + 1000)
        let over = circuitBreaker.worked()
        let third = circuitBreaker.admit(now: now + 1000)
        #expect(first == .one && second == .one && third == .everything)
        #expect(over?.since == now)
    }

    @Test(
        "What is not sent waits for others: not at all when they fill a batch, half a second when each request counts")
    func filling() {
        let filling = BatchLinger { true }
        let scarce = BatchLinger { false }
        #expect(filling.wait(count: 1, waited: .zero) == .milliseconds(50))
        #expect(scarce.wait(count: 99, waited: .milliseconds(100)) == .milliseconds(400))
        #expect(scarce.wait(count: 1, waited: .milliseconds(500)) == .zero)
        #expect(scarce.wait(count: 1, waited: .seconds(9)) == .zero)
        #expect(scarce.wait(count: 100, waited: .zero) == .zero)
    }

    /// Answers 403 to what is said of findings in us-east-1, and counts that.
    private func deny(_ shop: ProcessingHarness, _ journal: LogRecorder) {
        shop.aws.state.withLock {
            $0.fault = { path, body in
                let arn = body["Findings"]?.array?.first?["ProductArn"]?.string ?? ""
                guard path == "/findings/import", arn.contains(":us-east-1:") else { return nil }
                journal.note("denied")
                return .status(403, code: "AccessDeniedException")
            }
        }
    }

    private func append(_ shop: ProcessingHarness, _ count: Int, _ name: String, region: String) async throws {
        for number in 0..<count {
            let id = "\(name)\(number)"
            _ = try await shop.store.append(delivery(id, Messages.alarm(id), of: accountRegion(region)))
        }
    }

    @Test(
        "A denied account waits with one try now and then, others go on; it goes on at once when the permission is back"
    )
    func denied() async throws {
        try await ProcessingHarness.run { shop in
            let journal = LogRecorder()
            deny(shop, journal)
            try await append(shop, 300, "a", region: "us-east-1")
            try await withPool(shop) {
                await journal.wait(for: "denied", count: 1)
                try await eventually("the origin to be closed") {
                    try await shop.store.status().leased == 0 && !shop.context.circuitBreakers.entries.isEmpty
                }
                let first = journal.count("denied")
                #expect(first <= 4)
                try await append(shop, 5, "b", region: "eu-west-1")
                try await eventually("the other Region") { try await shop.store.status().completed == 5 }
                // A delivery that comes wakes the workers, whose time for the next try has come.
                shop.time.advance(by: .seconds(1))
                try await append(shop, 1, "c", region: "eu-west-1")
                await journal.wait(for: "denied", count: first + 1)
                try await eventually("the try to end") {
                    try await shop.store.status().leased == 0
                        && shop.context.circuitBreakers.entries.first?.denial.attempts == 2
                }
                #expect(journal.count("denied") == first + 1)
                #expect(
                    shop.context.circuitBreakers.entries.first?.denial.reason.contains("AccessDeniedException") == true)
                let waiting = try await shop.store.status()
                #expect(waiting.pending == 300 && waiting.dead == 0)
                shop.aws.state.withLock { $0.fault = { _, _ in nil } }
                shop.time.advance(by: .seconds(60))
                try await append(shop, 1, "d", region: "eu-west-1")
                try await eventually("all to be done") { try await shop.store.status().completed == 307 }
                #expect(shop.context.circuitBreakers.entries.isEmpty)
            }
        }
    }

    @Test("Audits that AWS IoT denies wait with one try now and then, and are shown; alarms go on; then all is done")
    func deniedAudits() async throws {
        try await ProcessingHarness.run { shop in
            shop.aws.state.withLock { state in
                state.fault = { path, _ in
                    guard path.hasPrefix("/audit/tasks/") else { return nil }
                    shop.journal.note("asked")
                    return .status(403, code: "AccessDeniedException")
                }
            }
            let circuitBreakers = shop.context.circuitBreakers
            try await withPool(shop) {
                for number in 0..<3 {
                    _ = try await shop.store.append(
                        delivery("audit\(number)", Messages.audit("t\(number)"), of: accountRegion()))
                }
                await shop.journal.wait(for: "A delivery failed and will be tried again.", count: 3)
                try await append(shop, 5, "a", region: "us-east-1")
                try await eventually("the alarms") { try await shop.store.status().completed == 5 }
                #expect(shop.journal.count("asked") == 1)
                let entries = circuitBreakers.entries
                #expect(try entries.map(\.accountRegion) == [accountRegion()])
                #expect(entries.first?.denial.reason.contains("DescribeAuditTask") == true)
                // A delivery that comes wakes the workers, whose time for the next try has come.
                shop.time.advance(by: .seconds(1))
                try await append(shop, 1, "b", region: "us-east-1")
                await shop.journal.wait(for: "A delivery failed and will be tried again.", count: 6)
                #expect(shop.journal.count("asked") == 2 && circuitBreakers.entries.first?.denial.attempts == 2)
                shop.aws.state.withLock { state in
                    state.fault = { _, _ in nil }
                    for number in 0..<3 {
                        state.audits["t\(number)"] = (Messages.description(startTime: now, checks: [:]), [[]])
                    }
                }
                shop.time.advance(by: .seconds(60))
                // Those that come while another one tries are put off for a second, by a clock that the test sets.
                var round = 0
                try await eventually("all to be done") {
                    let status = try await shop.store.status()
                    guard status.leased == 0 else { return false }
                    guard status.pending > 0 || round == 0 else { return true }
                    shop.time.advance(by: .seconds(2))
                    try await append(shop, 1, "c\(round)-", region: "us-east-1")
                    round += 1
                    return false
                }
                #expect(try await shop.store.status().completed == 9 + round)
                #expect(circuitBreakers.entries.isEmpty)
                #expect(shop.journal.count("AWS takes the bridge's requests again.") == 1)
            }
        }
    }

    @Test("The tries of an audit that AWS IoT denies do not count, and one that is denied for 90 days is given up")
    func deniedAuditsAreBounded() async throws {
        try await ProcessingHarness.run { shop in
            shop.aws.state.withLock {
                $0.fault = { path, _ in
                    path.hasPrefix("/audit/") ? .status(403, code: "AccessDeniedException") : nil
                }
            }
            _ = try await shop.store.append(delivery("audit", Messages.audit("t1"), of: accountRegion()))
            for _ in 0..<4 {
                try await shop.work(of: accountRegion())
                shop.time.advance(by: .seconds(60))
            }
            let leased = try await shop.items().map(\.leased)
            #expect(leased.map(\.attempt) == [1])
            try await shop.store.release(leased.map(\.lease))
            shop.time.advance(by: .seconds(90 * 86_400))
            try await shop.work(of: accountRegion())
            #expect(try await shop.store.status().dead == 1)
        }
    }

    @Test("What holds up everything is shown before what holds up audits alone, and each ends by itself")
    func scopes() async throws {
        try await ProcessingHarness.run { shop in
            let (circuitBreakers, accountRegion) = (shop.context.circuitBreakers, try accountRegion())
            func fail(_ path: String) async throws -> AWSError {
                shop.aws.state.withLock { $0.fault = { _, _ in .status(403, code: "AccessDeniedException") } }
                do throws(AWSError) {
                    if path == "hub" {
                        try await shop.client.describeHub(region: accountRegion.region)
                    } else {
                        _ = try await shop.client.describeAuditTask(id: "t1", region: accountRegion.region)
                    }
                } catch {
                    return error
                }
                throw CancellationError()
            }
            circuitBreakers.note(try await fail("audit"), accountRegion)
            #expect(circuitBreakers.entries.map(\.denial.reason).first?.contains("DescribeAuditTask") == true)
            #expect(
                circuitBreakers.waiting(now: now).accountRegions.isEmpty
                    && circuitBreakers.admit(accountRegion) == .everything)
            circuitBreakers.note(try await fail("hub"), accountRegion)
            #expect(circuitBreakers.entries.count == 1)
            #expect(circuitBreakers.entries.first?.denial.reason.contains("DescribeHub") == true)
            #expect(circuitBreakers.waiting(now: now).accountRegions == [accountRegion])
            circuitBreakers.worked(accountRegion)
            #expect(circuitBreakers.entries.first?.denial.reason.contains("DescribeAuditTask") == true)
            circuitBreakers.worked(accountRegion, .audits)
            #expect(circuitBreakers.entries.isEmpty)
        }
    }

    @Test("What is denied for 90 days is given up; for less, however often, it is not", arguments: [false, true])
    func bounded(isTooOld: Bool) async throws {
        try await ProcessingHarness.run { shop in
            deny(shop, shop.journal)
            try await append(shop, 1, "a", region: "us-east-1")
            shop.time.advance(by: .seconds(90 * 86_400 + (isTooOld ? 1 : -1)))
            try await shop.work(of: try accountRegion())
            let status = try await shop.store.status()
            #expect(status.dead == (isTooOld ? 1 : 0) && status.pending == (isTooOld ? 0 : 1))
        }
    }

    @Test(
        "What a request's failure means for what it was about",
        arguments: [
            (429, "TooManyRequestsException", "failed"), (500, "InternalException", "failed"),
            (403, "ExpiredTokenException", "denied"), (403, "AccessDeniedException", "denied"),
            (403, "SignatureDoesNotMatch", "denied"), (401, "InvalidAccessException", "denied"),
            (400, "InvalidInputException", "refused"), (302, "Moved", "failed"),
        ])
    func outcomes(status: Int, code: String, outcome: String) async throws {
        try await ProcessingHarness.run { shop in
            shop.aws.state.withLock { $0.fault = { _, _ in .status(status, code: code) } }
            let observation = try observation()
            let outcomes = await shop.sender(try accountRegion()).send([
                try #require(FindingText(observation.finding.json))
            ])
            let word =
                switch try #require(outcomes[observation.finding.id]) {
                case .imported: "imported"
                case .rejected(let reason): reason.contains(code) ? "refused" : "?"
                case .failed(let reason): reason.contains(code) ? "failed" : "?"
                case .denied(let reason): reason.contains(code) ? "denied" : "?"
                case .interrupted: "?"
                }
            #expect(word == outcome)
            #expect(shop.context.circuitBreakers.entries.isEmpty == (outcome != "denied"))
        }
    }
}
