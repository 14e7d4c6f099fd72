import AWSCore
import Glibc
import Synchronization

/// Translates between this machine's clock and the database's, so that all times in the
/// queue are the database's. Times are milliseconds since 1970.
final class DatabaseClock: Sendable {
    private let local: @Sendable () -> Int64
    private let measured = Atomic<Int64>(0)

    /// Clocks that differ by less are taken for equal: the measurement is no better than the way to the database.
    private static let resolution: UInt64 = 500
    /// A measurement that took longer says too little.
    private static let longestMeasurement: Int64 = 1000

    /// - Parameter local: this machine's clock.
    init(local: @escaping @Sendable () -> Int64 = DatabaseClock.systemTime) { self.local = local }

    /// This machine's time.
    var localTime: Int64 { local() }

    /// How far this machine's clock is ahead of the database's.
    var offset: Int64 { measured.load(ordering: .relaxed) }

    /// Takes a measurement: the database's time, asked for at a local time and known now.
    func measure(_ database: Int64, askedAt start: Int64) {
        let end = local()
        guard end >= start, end.saturatingSubtracting(start) <= Self.longestMeasurement else { return }
        measured.store((start + (end - start) / 2).saturatingSubtracting(database), ordering: .relaxed)
    }

    private var correction: Int64 { offset.magnitude < Self.resolution ? 0 : offset }

    /// A local time by the database's clock.
    func database(_ time: Int64) -> Int64 { time.saturatingSubtracting(correction) }

    /// A time of the database's clock by the local one.
    func local(_ time: Int64) -> Int64 { time.saturatingAdding(correction) }

    /// The time of the operating system.
    static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
