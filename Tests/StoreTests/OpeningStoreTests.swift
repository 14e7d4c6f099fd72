import Encoding
import Synchronization
import TestSupport
import Testing

@testable import PostgreSQLStore
@testable import SQLiteStore
@testable import Store

/// Opens under the control of the test: each attempt waits for its result.
private final class Attempts: Sendable {
    private let results: AsyncStream<Result<any Store, StoreError>>
    private let continuation: AsyncStream<Result<any Store, StoreError>>.Continuation
    let reports = Mutex<[StoreError]>([])
    /// The number of attempts that have begun.
    let begun = Mutex(0)

    init() { (results, continuation) = AsyncStream.makeStream(of: Result<any Store, StoreError>.self) }

    func end(_ result: Result<any Store, StoreError>) { continuation.yield(result) }

    func store(timeout: Duration = .seconds(60)) -> OpeningStore {
        OpeningStore(timeout: timeout, longestDelay: .milliseconds(1)) {
            [results, weak self] () async throws(StoreError) in
            self?.begun.withLock { $0 += 1 }
            // Not canceled with the attempt, like a connection that is being established.
            let next = Task { await results.first { _ in true } }
            guard let result = await next.value else { throw .closed }
            return try result.get()
        }
    }

    deinit { continuation.finish() }

    func start(_ store: OpeningStore) { store.start { error in self.reports.withLock { $0.append(error) } } }
}

@Suite("Opening store")
struct OpeningStoreTests {
    private static let away = StoreError(.unavailable, "away")

    @Test("calls wait for the first attempt and then use the store")
    func waiting() async throws {
        try await withStore { real async throws in
            let attempts = Attempts()
            let store = attempts.store()
            attempts.start(store)
            async let append = store.append(delivery(1))
            async let isOpen = store.waitUntilOpen()
            #expect(store.problem?.code == .unavailable)
            attempts.end(.success(real))
            #expect(try await append == .stored)
            #expect(try await isOpen)
            #expect(store.problem == nil && attempts.reports.withLock(\.self) == [])
            await store.close()
            #expect(await failure { try await real.checkWritable() } == .closed)
        }
    }

    @Test("after a transient failure, calls fail immediately until an attempt succeeds")
    func retrying() async throws {
        try await withStore { real async throws in
            let attempts = Attempts()
            let store = attempts.store()
            attempts.start(store)
            attempts.end(.failure(Self.away))
            try await store.waitForFirstAttempt()
            for _ in 0..<2 { #expect(await failure { try await store.checkWritable() } == .unavailable) }
            attempts.end(.failure(Self.away))
            attempts.end(.success(real))
            #expect(try await store.waitUntilOpen())
            try await store.checkWritable()
            #expect(attempts.reports.withLock(\.self) == [Self.away, Self.away])
            await store.close()
        }
    }

    @Test("when opening takes longer than a sender waits, calls fail, and this is reported")
    func slow() async throws {
        let attempts = Attempts()
        let store = attempts.store(timeout: .milliseconds(10))
        attempts.start(store)
        #expect(await failure { try await store.checkWritable() } == .unavailable)
        try await eventually("it to be reported") { attempts.reports.withLock(\.count) == 1 }
        await store.close()
    }

    @Test(
        "a permanent error ends the opening",
        arguments: [StoreError.Code.corrupt, .unsupported, .inUse, .invalidPath])
    func permanent(code: StoreError.Code) async throws {
        let attempts = Attempts()
        let store = attempts.store()
        attempts.start(store)
        attempts.end(.failure(StoreError(code, "wrong")))
        #expect(await failure { try await store.waitForFirstAttempt() } == code)
        #expect(await failure { _ = try await store.waitUntilOpen() } == code)
        #expect(await failure { try await store.checkWritable() } == code)
        await store.close()
    }

    @Test("closing ends every wait, and a store opened afterwards is closed")
    func closing() async throws {
        try await withStore { real async throws in
            let attempts = Attempts()
            let store = attempts.store()
            attempts.start(store)
            // An attempt that has not begun is not made after closing.
            try await eventually("an attempt") { attempts.begun.withLock(\.self) == 1 }
            async let call = failure { try await store.checkWritable() }
            async let work: Void = store.waitForWork(after: WorkMark())
            async let isOpen = store.waitUntilOpen()
            async let closing: Void = store.close()
            #expect(await call == .closed)
            #expect(try await !isOpen)
            await work
            await closing
            attempts.end(.success(real))
            try await eventually("the store to be closed") {
                await failure { try await real.checkWritable() } == .closed
            }
        }
    }

    @Test("a wait ends when it is stopped or canceled")
    func stopping() async throws {
        let attempts = Attempts()
        let store = attempts.store()
        attempts.start(store)
        async let first: Void = store.waitForFirstAttempt()
        store.stopWaiting()
        try await first
        let waiting = Task { try await store.waitUntilOpen() }
        waiting.cancel()
        #expect(try await !waiting.value)
        await store.close()
    }
}
