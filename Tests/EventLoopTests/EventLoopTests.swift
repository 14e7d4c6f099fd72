import Encoding
import EventLoop
import Glibc
import Synchronization
import TestSupport
import Testing

@Suite("EventLoop")
struct EventLoopTests {
    @Test("a task that prefers the loop runs on its thread and returns to it after other work")
    func taskExecutor() async throws {
        try await withEventLoop { loop in
            #expect(!loop.isCurrent)
            let places = await Task(executorPreference: loop) {
                let before = loop.isCurrent
                let elsewhere = await Task.detached { loop.isCurrent }.value
                return (before, elsewhere, loop.isCurrent)
            }.value
            #expect(places == (true, false, true))
        }
    }

    private actor Line {
        private var task: Task<Void, Never>?

        func start(on loop: EventLoop) { task = Task(executorPreference: loop) { await self.run() } }
        func run() async { for _ in 0..<3 { await Task.yield() } }
        func drain() async { await task?.value }
    }

    @Test("a task that waited for an actor used on the loop can shut the loop down")
    func shutdownAfterActor() async throws {
        for _ in 0..<300 {
            try await withEventLoop { loop in
                let line = Line()
                await line.start(on: loop)
                await line.drain()
            }
        }
    }

    private actor Counter {
        let loop: EventLoop
        var count = 0
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        init(loop: EventLoop) { self.loop = loop }
        func increment() {
            #expect(loop.isCurrent)
            count += 1
        }
    }

    @Test("an actor on the loop counts every call from many tasks")
    func serialExecutor() async throws {
        try await withEventLoop { loop in
            let counter = Counter(loop: loop)
            await withTaskGroup { group in
                for _ in 0..<100 {
                    group.addTask { for _ in 0..<100 { await counter.increment() } }
                }
            }
            #expect(await counter.count == 10_000)
        }
    }

    private final class Order: Sendable {
        let numbers = Mutex<[Int]>([])

        @inline(never) func add(_ number: Int) async { numbers.withLock { $0.append(number) } }
    }

    @Test("a task keeps running through nonisolated functions, ahead of the next task")
    func nonisolatedCalls() async throws {
        try await withEventLoop { loop in
            let order = Order()
            // Both are in the queue before the first one runs.
            let (first, second) = await loop.run {
                func start(_ number: Int) -> Task<Void, Never> {
                    Task(executorPreference: loop) { for _ in 0..<3 { await order.add(number) } }
                }
                return (start(1), start(2))
            }
            await first.value
            await second.value
            #expect(order.numbers.withLock { $0 } == [1, 1, 1, 2, 2, 2])
        }
    }

    @Test("sleeping tasks wake up in the order of their deadlines")
    func timersInOrder() async throws {
        try await withEventLoop { loop in
            let (woken, continuation) = AsyncStream.makeStream(of: Int.self)
            try await withThrowingTaskGroup { group in
                for delay in [30, 10, 20, 0] {
                    group.addTask {
                        try await loop.sleep(for: .milliseconds(delay))
                        continuation.yield(delay)
                    }
                }
                try await group.waitForAll()
            }
            continuation.finish()
            #expect(await woken.reduce(into: []) { $0.append($1) } == [0, 10, 20, 30])
        }
    }

    @Test("a canceled sleep ends immediately and leaves no timer")
    func canceledSleep() async throws {
        try await withEventLoop { loop in
            let sleeper = Task { try await loop.sleep(for: .seconds(3600)) }
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
        }
    }

    @Test("a repeating timer fires until it is closed")
    func repeatingTimer() async throws {
        try await withEventLoop { loop in
            let (firings, continuation) = AsyncStream.makeStream(of: Void.self)
            let timer = await loop.run {
                let timer = LoopTimer(on: loop) { continuation.yield() }
                timer.start(after: .zero, repeating: .milliseconds(1))
                return LoopBound(timer, loop: loop)
            }
            var count = 0
            for await _ in firings {
                count += 1
                if count == 3 { break }
            }
            await loop.run { timer.value.close() }
            #expect(count == 3)
        }
    }

    @Test("a watched signal arrives on the loop")
    func signals() async throws {
        try await withEventLoop { loop in
            let (signals, continuation) = AsyncStream.makeStream(of: Bool.self)
            let watcher = try await loop.run { () throws in
                LoopBound(try SignalWatcher(SIGUSR2, on: loop) { continuation.yield(loop.isCurrent) }, loop: loop)
            }
            kill(getpid(), SIGUSR2)
            #expect(await signals.first { _ in true } == true)
            await loop.run { watcher.value.close() }
        }
    }

    @Test("shutdown counts and closes the handles left open")
    func leftOverHandles() async throws {
        let loop = try EventLoop(name: "test")
        await loop.run {
            let timer = LoopTimer(on: loop) {}
            timer.start(after: .seconds(3600))
        }
        #expect(await loop.shutdown() == 1)
    }

    @Test("accessing a loop-bound value on another thread traps")
    func loopBound() async {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop(name: "test")
            let bound = await loop.run { LoopBound(1, loop: loop) }
            _ = bound.value
        }
    }

    @Test(
        "numeric addresses are parsed and formatted",
        arguments: ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:1", "255.255.255.255:80"])
    func addresses(text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test(
        "a text that is not a numeric address with a port is rejected",
        arguments: [
            "", ":", "127.0.0.1", "127.0.0.1:", ":8080", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:080",
            "127.0.0.1:1 ",
            "::1:80", "[127.0.0.1]:80", "[::1", "localhost:80", "127.0.0.1:８０", "1.2.3:80", "256.0.0.1:80",
        ])
    func rejectedAddresses(text: String) {
        #expect(SocketAddress(text) == nil)
    }
}
