import Encoding
import Synchronization
import Testing

@Suite("Single flight", .timeLimit(.minutes(15)))
struct SingleFlightTests {
    /// Operations that wait until they are released.
    private final class Gate: Sendable {
        private let state = Mutex((count: 0, isOpen: false))

        var count: Int { state.withLock { $0.count } }

        func open() { state.withLock { $0.isOpen = true } }

        func pass() async -> Int {
            let number = state.withLock { state in
                state.count += 1
                return state.count
            }
            while !state.withLock({ $0.isOpen }), !Task.isCancelled { await Task.yield() }
            return Task.isCancelled ? -1 : number
        }
    }

    /// A value that is made once.
    private final class Cache: Sendable {
        private let state = Mutex<(value: Int?, count: Int)>((nil, 0))

        var value: Int? { state.withLock { $0.value } }
        var count: Int { state.withLock { $0.count } }

        func make() -> Int {
            state.withLock { state in
                state = (5, state.count + 1)
                return 5
            }
        }
    }

    @Test("concurrent callers of a key share an operation, and later ones start another")
    func shared() async {
        let (group, gate) = (SingleFlight<String, Int>(), Gate())
        let flights = (0..<10).map { _ in group.start("a") { await gate.pass() } }
        #expect(group.isRunning("a"))
        #expect(!group.isRunning("b"))
        gate.open()
        for flight in flights { #expect(await flight.value == 1) }
        #expect(!group.isRunning("a"))
        #expect(await group.start("a") { await gate.pass() }.value == 2)
        #expect(gate.count == 2)
    }

    @Test("each key has its own operation")
    func keys() async {
        let (group, gate) = (SingleFlight<Int, Int>(), Gate())
        let flights = (0..<3).map { key in group.start(key) { await gate.pass() } }
        gate.open()
        var values: Set<Int> = []
        for flight in flights { values.insert(await flight.value) }
        #expect(values == [1, 2, 3])
    }

    @Test("a known value starts nothing; a running operation is joined first")
    func known() async {
        let (group, gate) = (SingleFlight<String, Int>(), Gate())
        #expect(await group.start("a", unless: { _ in 7 }, operation: { await gate.pass() }).value == 7)
        #expect(gate.count == 0)
        let first = group.start("a") { await gate.pass() }
        let second = group.start("a", unless: { _ in 7 }, operation: { await gate.pass() })
        var seen = -1
        let third = group.start(
            "b",
            unless: { running in
                seen = running
                return 8
            }, operation: { await gate.pass() })
        #expect(seen == 1)
        gate.open()
        #expect(await first.value == 1)
        #expect(await second.value == 1)
        #expect(await third.value == 8)
    }

    @Test("an operation continues when its caller is canceled")
    func canceledCaller() async {
        let (group, gate) = (SingleFlight<String, Int>(), Gate())
        let caller = Task { await group.start("a") { await gate.pass() }.value }
        while gate.count == 0 { await Task.yield() }
        caller.cancel()
        gate.open()
        #expect(await group.start("a", unless: { _ in 1 }, operation: { 0 }).value == 1)
        #expect(await caller.value == 1)
    }

    @Test("a forgotten operation does not end its successor")
    func forget() async {
        let (group, old, new) = (SingleFlight<String, Int>(), Gate(), Gate())
        let first = group.start("a") { await old.pass() }
        group.forget("a")
        #expect(!group.isRunning("a"))
        let second = group.start("a") { await new.pass() + 100 }
        old.open()
        #expect(await first.value == 1)
        #expect(group.isRunning("a"))
        new.open()
        #expect(await second.value == 101)
    }

    @Test("cancel ends all operations and waits for them")
    func cancel() async {
        let (group, gate) = (SingleFlight<Int, Int>(), Gate())
        let flights = (0..<3).map { key in group.start(key) { await gate.pass() } }
        await group.cancel()
        for (key, flight) in flights.enumerated() {
            #expect(!group.isRunning(key))
            #expect(await flight.value == -1)
        }
    }

    @Test("a value stored by an operation is found by the next caller: nothing runs twice")
    func noGap() async {
        let (group, cache) = (SingleFlight<OnlyKey, Int>(), Cache())
        await withTaskGroup(of: Int.self) { tasks in
            for _ in 0..<500 {
                tasks.addTask {
                    await group.start(.only, unless: { _ in cache.value }, operation: { cache.make() }).value
                }
            }
            for await value in tasks { #expect(value == 5) }
        }
        #expect(cache.count == 1)
    }
}
