import Encoding
import Testing

@Suite("Cleanup")
struct CleanupTests {
    private struct Failure: Error, Equatable { let number: Int }

    @Test("the cleanup runs once after the body, which gives the value")
    func value() async {
        var steps: [String] = []
        let value = await withCleanup {
            steps.append("body")
            return 3
        } cleanup: {
            steps.append("cleanup")
        }
        #expect(value == 3)
        #expect(steps == ["body", "cleanup"])
    }

    @Test("the body's error is thrown after the cleanup, otherwise the cleanup's")
    func errors() async {
        var count = 0
        await #expect(throws: Failure(number: 1)) {
            try await withCleanup {
                throw Failure(number: 1)
            } cleanup: {
                count += 1
                throw Failure(number: 2)
            }
        }
        await #expect(throws: Failure(number: 2)) {
            try await withCleanup {
            } cleanup: {
                count += 1
                throw Failure(number: 2)
            }
        }
        #expect(count == 2)
    }

    @Test("steps run once, the last first")
    func stack() async {
        let (order, continuation) = AsyncStream.makeStream(of: Int.self)
        var stack = CleanupStack()
        for number in 1...3 { stack.add { continuation.yield(number) } }
        await stack.run()
        await stack.run()
        continuation.finish()
        var seen: [Int] = []
        for await number in order { seen.append(number) }
        #expect(seen == [3, 2, 1])
    }
}

@Suite("Run once")
struct RunOnceTests {
    @Test("the first operation runs, and all callers wait until it has ended")
    func once() async {
        let once = RunOnce()
        let (order, continuation) = AsyncStream.makeStream(of: String.self)
        await withTaskGroup { group in
            for _ in 1...5 {
                group.addTask {
                    await once.run {
                        await Task.yield()
                        continuation.yield("operation")
                    }
                    continuation.yield("caller")
                }
            }
        }
        await once.run { continuation.yield("second operation") }
        continuation.finish()
        var seen: [String] = []
        for await step in order { seen.append(step) }
        #expect(seen == ["operation"] + Array(repeating: "caller", count: 5))
    }
}
