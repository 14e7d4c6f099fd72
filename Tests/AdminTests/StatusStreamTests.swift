import Encoding
import HTTPServer
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Admin

@Suite("Status stream", .timeLimit(.minutes(15)))
struct StatusStreamTests {
    // MARK: Changes

    @Test(
        "A change has the members that are different, and the time",
        arguments: [
            (["at": 1, "a": 1], ["at": 2, "a": 1], nil),
            (["at": 1, "a": 1, "uptimeSeconds": 1], ["at": 2, "a": 1, "uptimeSeconds": 3], nil),
            (["at": 1, "a": 1, "b": 1], ["at": 2, "a": 2, "b": 1], ["at": 2, "a": 2]),
            (["at": 1, "a": [1, 2]], ["at": 1, "a": [2, 1]], ["at": 1, "a": [2, 1]]),
            (["at": 1, "a": ["x": 1]], ["at": 2, "a": ["x": 1]], nil),
            (["at": 1], ["at": 2, "a": nil], ["at": 2, "a": nil]),
            (["at": 1, "a": 1], ["at": 2], ["at": 2, "a": nil]),
            (
                ["at": 1, "a": 1, "uptimeSeconds": 1], ["at": 2, "a": 2, "uptimeSeconds": 3],
                ["at": 2, "a": 2, "uptimeSeconds": 3]
            ),
        ] as [(JSON, JSON, JSON?)])
    func change(before: JSON, after: JSON, expected: JSON?) {
        #expect(StatusDiff.between(before, after) == expected)
    }

    // MARK: Events

    @Test("A subscriber gets the whole status, then each change, and keep-alive comments")
    func subscriber() {
        var subscriber = StatusSubscriber()
        var snapshot = StatusStream.snapshot(of: ["at": 1, "a": "x\n"], after: nil)
        #expect(subscriber.events(for: snapshot) == "retry: 3000\nevent: status\ndata: {\"a\":\"x\\n\",\"at\":1}\n\n")
        snapshot = StatusStream.snapshot(of: ["at": 2, "a": "x\n"], after: snapshot)
        #expect(subscriber.events(for: snapshot) == nil)
        snapshot = StatusStream.snapshot(of: ["at": 3, "a": "y"], after: snapshot)
        #expect(subscriber.events(for: snapshot) == "event: change\ndata: {\"a\":\"y\",\"at\":3}\n\n")
        for _ in 1..<StatusSubscriber.keepAliveInterval {
            snapshot = StatusStream.snapshot(of: ["at": 4, "a": "y"], after: snapshot)
            #expect(subscriber.events(for: snapshot) == nil)
        }
        snapshot = StatusStream.snapshot(of: ["at": 4, "a": "y"], after: snapshot)
        #expect(subscriber.events(for: snapshot) == ": still here\n\n")
        snapshot = StatusStream.snapshot(of: ["at": 5, "a": "y"], after: snapshot)
        #expect(subscriber.events(for: snapshot) == nil)
    }

    @Test("A subscriber that missed a change gets the whole status")
    func slowSubscriber() {
        var subscriber = StatusSubscriber()
        let first = StatusStream.snapshot(of: ["at": 1, "a": 1, "b": 1], after: nil)
        _ = subscriber.events(for: first)
        let second = StatusStream.snapshot(of: ["at": 2, "a": 2, "b": 1], after: first)
        let third = StatusStream.snapshot(of: ["at": 3, "a": 2, "b": 2], after: second)
        #expect(subscriber.events(for: third) == "event: status\ndata: {\"a\":2,\"at\":3,\"b\":2}\n\n")
        // The snapshot after a change has no change of its own.
        var late = subscriber
        let fourth = StatusStream.snapshot(of: ["at": 4, "a": 3, "b": 2], after: third)
        let fifth = StatusStream.snapshot(of: ["at": 5, "a": 3, "b": 2], after: fourth)
        #expect(late.events(for: fifth) == "event: status\ndata: {\"a\":3,\"at\":5,\"b\":2}\n\n")
        #expect(subscriber.events(for: fourth) == "event: change\ndata: {\"a\":3,\"at\":4}\n\n")
    }

    // MARK: The stream

    /// A stream whose pauses end when the test says so, and whose status changes with each snapshot.
    private final class Harness: Sendable {
        let stream: StatusStream
        private let snapshots = Counting()
        private let pauses: AsyncStream<Void>.Continuation

        init() {
            let snapshots = snapshots
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            pauses = continuation
            self.stream = StatusStream {
                for await _ in stream { return }
                throw CancellationError()
            } report: {
                .object(["snapshots": .integer(snapshots.next())])
            }
        }

        /// Number of snapshots.
        var count: Int { snapshots.count.withLock { $0 } }

        func endPause() { pauses.yield() }

        private final class Counting: Sendable {
            let count = Mutex(0)
            func next() -> Int {
                count.withLock { count in
                    count += 1
                    return count
                }
            }
        }
    }

    private func withStream(_ body: (Harness) async throws -> Void) async throws {
        let harness = Harness()
        let running = Task { await harness.stream.run() }
        try await withCleanup {
            try await body(harness)
        } cleanup: {
            running.cancel()
            await running.value
            #expect(harness.stream.subscribe() == nil, "a stopped stream accepts no subscribers")
        }
    }

    @Test("Subscribers share snapshots, and there are none without subscribers")
    func shared() async throws {
        try await withStream { harness in
            #expect(harness.count == 0)
            do {
                let (first, second) = (
                    try #require(harness.stream.subscribe()), try #require(harness.stream.subscribe())
                )
                var (firstSnapshots, secondSnapshots) = (first.makeAsyncIterator(), second.makeAsyncIterator())
                for number in 1...3 {
                    #expect(await firstSnapshots.next()?.status["snapshots"]?.integer == Int64(number))
                    #expect(await secondSnapshots.next()?.status["snapshots"]?.integer == Int64(number))
                    #expect(harness.count == number)
                    if number < 3 { harness.endPause() }
                }
                // A subscriber that joins during a pause gets the last snapshot.
                var late = try #require(harness.stream.subscribe()).makeAsyncIterator()
                #expect(await late.next()?.version == 3)
            }
            // Without subscribers, no snapshot is taken after the pause. The next one is for the next subscriber.
            harness.endPause()
            var next = try #require(harness.stream.subscribe()).makeAsyncIterator()
            #expect(await next.next()?.status["snapshots"] == 4)
            #expect(harness.count == 4)
        }
    }

    @Test("Subscribers beyond the limit are rejected until one leaves; HEAD requests do not count")
    func bound() async throws {
        try await withStream { harness in
            func request(_ method: HTTPRequest.Method) -> ServerResponse {
                harness.stream.respond(
                    to: ServerRequest(
                        head: HTTPRequest(method: method, scheme: nil, authority: "a", path: "/status/events")))
            }
            var responses = (0..<StatusStream.maximumSubscribers).map { _ in request(.get) }
            #expect(responses.allSatisfy { $0.status == .ok && $0.headerFields[.contentType] == "text/event-stream" })
            let rejection = request(.get)
            #expect(rejection.status == .serviceUnavailable && rejection.stream == nil)
            #expect(rejection.headerFields[.retryAfter] == "10")
            #expect(request(.head).status == .ok)
            // A response that is dropped unsubscribes, whether it was started or not.
            responses.removeLast()
            #expect(request(.head).status == .ok)
            responses.append(request(.get))
            #expect(responses.last?.status == .ok)
            #expect(request(.get).status == .serviceUnavailable)
        }
    }
}
