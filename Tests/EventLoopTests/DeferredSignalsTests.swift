import Foundation
import TestSupport
import Testing

@testable import EventLoop

@Suite("Deferred signals")
struct DeferredSignalsTests {
    @Test("a deferred signal does not end the process, and a later watcher receives it once")
    func held() async throws {
        DeferredSignals.hold()
        #expect(kill(getpid(), SIGHUP) == 0)
        // It may reach its handler later, on another thread.
        try await eventually("the signal to come") { DeferredSignals.isPending(SIGHUP) }
        try await withEventLoop { loop in
            let (signals, continuation) = AsyncStream.makeStream(of: Int.self)
            await loop.run {
                for number in 1...2 {
                    let watcher = try? SignalWatcher(SIGHUP, on: loop) { continuation.yield(number) }
                    watcher?.close()
                }
            }
            continuation.finish()
            #expect(await signals.reduce(into: []) { $0.append($1) } == [1])
        }
        DeferredSignals.release()
    }
}
