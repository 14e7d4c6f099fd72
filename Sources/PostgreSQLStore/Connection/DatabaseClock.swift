import Encoding
import Synchronization

/// Converts between this machine's clock and the database's. All times in the queue are the database's. In milliseconds
/// since 1970.
final class DatabaseClock: Sendable {
    private let local: @Sendable () -> Int64
    private let measured = Atomic<Int64>(0)

    /// Smaller differences are ignored: the measurement is no more exact than the network allows.
    private static let resolution: UInt64 = 500
    /// Longer measurements are discarded as inexact.
    private static let longestMeasurement: Int64 = 1000

    /// - Parameter local: this machine's clock.
    init(local: @escaping @Sendable () -> Int64 = WallClock.milliseconds) { self.local = local }

    /// The time of this machine's clock.
    var localTime: Int64 { local() }

    /// How far this machine's clock is ahead of the database's.
    var offset: Int64 { measured.load(ordering: .relaxed) }

    /// Records a measurement: the database's time, requested at a local time and received now.
    func measure(_ database: Int64, askedAt start: Int64) {
        let end = local()
        guard end >= start, end.saturatingSubtracting(start) <= Self.longestMeasurement else { return }
        measured.store((start + (end - start) / 2).saturatingSubtracting(database), ordering: .relaxed)
    }

    private var correction: Int64 { offset.magnitude < Self.resolution ? 0 : offset }

    /// Converts a local time to the database's clock.
    func database(_ time: Int64) -> Int64 { time.saturatingSubtracting(correction) }

    /// Converts a time of the database's clock to the local clock.
    func local(_ time: Int64) -> Int64 { time.saturatingAdding(correction) }
}
