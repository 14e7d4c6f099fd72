import Encoding
import Synchronization
import TestSupport
import Testing

@testable import AWSClient

/// A settable clock whose sleeps return immediately.
final class SetClock: Sendable {
    private let time = Mutex<Timestamp>(1_795_341_600_000)
    var now: Timestamp { time.withLock { $0 } }
    func advance(by milliseconds: Int64) { time.withLock { $0 = $0 + milliseconds } }
    var clock: AWSClock {
        AWSClock(now: { self.now }, elapsed: { self.now - .earliest }, sleep: { _ in })
    }
}

/// Issues new temporary credentials on each call.
private final class Issuer: Sendable {
    private struct State {
        var issued = 0
        var isBroken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var holds = false
    }

    private let state = Mutex(State())
    private let time: SetClock
    private let lifetime: Int64

    init(_ time: SetClock, lifetime: Int64 = 3_600_000) {
        self.time = time
        self.lifetime = lifetime
    }

    var issued: Int { state.withLock { $0.issued } }
    func breakDown(_ isBroken: Bool = true) { state.withLock { $0.isBroken = isBroken } }
    func hold() { state.withLock { $0.holds = true } }
    var waiting: Int { state.withLock { $0.waiting.count } }

    func release() {
        let waiting = state.withLock { state in
            defer { (state.waiting, state.holds) = ([], false) }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func issue() async throws(CredentialsError) -> Credentials {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.holds { state.waiting.append(continuation) }
                return !state.holds
            }
            if goesOn { continuation.resume() }
        }
        let number = state.withLock { state -> Int? in
            state.issued += 1
            return state.isBroken ? nil : state.issued
        }
        guard let number else { throw CredentialsError("broken", kind: .transient) }
        return Credentials(
            accessKeyID: "ASIA\(number)", secretAccessKey: "s", sessionToken: "t", expiration: time.now + lifetime)
    }

    var provider: RefreshingCredentials {
        RefreshingCredentials(clock: time.clock) { () async throws(CredentialsError) in try await self.issue() }
    }
}

@Suite("Temporary credentials", .timeLimit(.minutes(15)))
struct RefreshTests {
    @Test(
        "renewal starts 15 minutes or a quarter of the lifetime before expiration, and blocks in the last minute",
        arguments: [
            (3600, 3600, .use), (3600, 901, .use), (3600, 900, .useAndRefresh), (3600, 61, .useAndRefresh),
            (3600, 60, .refreshOrUse), (3600, 1, .refreshOrUse), (3600, 0, .refresh), (3600, -9, .refresh),
            (900, 226, .use), (900, 225, .useAndRefresh), (900, 45, .refreshOrUse), (43_200, 901, .use),
            (43_200, 900, .useAndRefresh), (0, 0, .refresh),
        ] as [(Int64, Int64, RefreshRule.Action)])
    func rule(lifetime: Int64, left: Int64, action: RefreshRule.Action) {
        let now: Timestamp = 1_795_341_600_000
        let end = now + left * 1000
        let held = Credentials(accessKeyID: "A", secretAccessKey: "s", expiration: end)
        #expect(
            RefreshRule.action(of: held, obtainedAt: end - lifetime * 1000, now: now, notBefore: 0) == action)
        // Right after a failed attempt, the current ones are used until they expire.
        let later: RefreshRule.Action = left > 0 ? .use : .refresh
        #expect(
            RefreshRule.action(of: held, obtainedAt: end - lifetime * 1000, now: now, notBefore: now + 1) == later)
    }

    @Test("Long-term credentials are never renewed")
    func lasting() {
        let held = Credentials(accessKeyID: "A", secretAccessKey: "s")
        #expect(RefreshRule.action(of: held, obtainedAt: 0, now: .latest, notBefore: 0) == .use)
    }

    @Test("Concurrent callers share one fetch")
    func singleFlight() async throws {
        let issuer = Issuer(SetClock())
        let provider = issuer.provider
        issuer.hold()
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await provider.credentials().accessKeyID } }
            while issuer.waiting == 0 { await Task.yield() }
            issuer.release()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(ids == ["ASIA1"])
        #expect(issuer.issued == 1)
    }

    @Test("Before expiration, the current ones are used while new ones are fetched")
    func inTheBackground() async throws {
        let time = SetClock()
        let issuer = Issuer(time)
        let provider = issuer.provider
        _ = try await provider.credentials()
        time.advance(by: 50 * 60_000)
        issuer.hold()
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        while issuer.waiting == 0 { await Task.yield() }
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        issuer.release()
        while try await provider.credentials().accessKeyID != "ASIA2" { await Task.yield() }
        #expect(issuer.issued == 2)
    }

    @Test("If renewal fails, the current ones are used until they expire, then the error is thrown")
    func broken() async throws {
        let time = SetClock()
        let issuer = Issuer(time)
        let provider = issuer.provider
        _ = try await provider.credentials()
        issuer.breakDown()
        time.advance(by: 59 * 60_000 + 30_000)
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        let tried = issuer.issued
        // Not with every request.
        #expect(try await provider.credentials().accessKeyID == "ASIA1")
        #expect(issuer.issued == tried)
        time.advance(by: 30_000)
        let error = await #expect(throws: CredentialsError.self) { _ = try await provider.credentials() }
        #expect(error?.kind == .transient)
        issuer.breakDown(false)
        time.advance(by: 60_000)
        #expect(try await provider.credentials().accessKeyID.hasPrefix("ASIA"))
    }

    @Test("Credentials that a service rejects are replaced once, by the first caller")
    func rejected() async throws {
        let time = SetClock()
        let issuer = Issuer(time)
        let provider = issuer.provider
        let first = try await provider.credentials()
        // New credentials that are rejected immediately are rejected for another reason.
        #expect(try await provider.credentials(replacing: first) == nil)
        time.advance(by: 60_000)
        #expect(try await provider.credentials(replacing: first)?.accessKeyID == "ASIA2")
        #expect(try await provider.credentials(replacing: first)?.accessKeyID == "ASIA2")
        #expect(issuer.issued == 2)
    }

    @Test("Nothing is fetched after close")
    func close() async throws {
        let issuer = Issuer(SetClock())
        let provider = issuer.provider
        await provider.close()
        await #expect(throws: CredentialsError.self) { _ = try await provider.credentials() }
        #expect(issuer.issued == 0)
    }
}

@Suite("AWS's time")
struct ServiceTimeTests {
    private static let date = "Sun, 22 Nov 2026 10:00:00 GMT"
    private static let time: Timestamp = 1_795_341_600_000

    @Test("The time of the last response advances for a day")
    func reading() {
        let service = ServiceTime()
        #expect(service.now(elapsed: .zero) == nil)
        for nothing in ["", "yesterday"] { service.record(nothing, elapsed: .zero) }
        #expect(service.now(elapsed: .zero) == nil)
        service.record(Self.date, elapsed: .seconds(5))
        #expect(service.now(elapsed: .seconds(5)) == Self.time)
        #expect(service.now(elapsed: .seconds(3605)) == Self.time + 3_600_000)
        #expect(service.now(elapsed: .seconds(86_405)) == Self.time + 86_400_000)
        #expect(service.now(elapsed: .seconds(86_406)) == nil)
        service.record("Sun, 22 Nov 2026 12:00:00 GMT", elapsed: .seconds(5.5))
        #expect(service.now(elapsed: .seconds(6)) == Self.time + 1000)
        service.record("Sun, 22 Nov 2026 12:00:00 GMT", elapsed: .seconds(7))
        #expect(service.now(elapsed: .seconds(7)) == Self.time + 7_200_000)
    }

    @Test("Credentials are renewed in time, and replaced when rejected, also after a clock change")
    func credentialsAfterStep() async throws {
        let state = Mutex((wall: Self.time, elapsed: Int64(0), issued: 0))
        let clock = AWSClock(
            now: { state.withLock { $0.wall + $0.elapsed } }, elapsed: { .milliseconds(state.withLock { $0.elapsed }) },
            sleep: { _ in })
        let provider = RefreshingCredentials(clock: clock) { () async throws(CredentialsError) in
            state.withLock { state in
                state.issued += 1
                return Credentials(
                    accessKeyID: "ASIA\(state.issued)", secretAccessKey: "s", sessionToken: "t",
                    expiration: Self.time + state.elapsed + 3_600_000)
            }
        }
        clock.serviceTime.record(Self.date, elapsed: .zero)
        for step in [-7_200_000, 7_200_000, 120 * 86_400_000] as [Int64] {
            let first = try await provider.credentials()
            let issued = state.withLock(\.issued)
            state.withLock { $0.wall = $0.wall + step }
            // A clock step does not change their age.
            #expect(try await provider.credentials() == first && state.withLock(\.issued) == issued)
            state.withLock { $0.elapsed += 20_000 }
            let other = try await provider.credentials(replacing: first)
            #expect(other?.accessKeyID == "ASIA\(issued + 1)")
            state.withLock { $0.wall = $0.wall - step }
            state.withLock { $0.elapsed += 3_600_000 }
            #expect(try await provider.credentials().accessKeyID == "ASIA\(issued + 2)")
        }
    }
}
