import Encoding

/// Counts deliveries and imports in each minute of the last hour. A pure value.
struct MinuteHistogram: Sendable {
    /// The counts of one minute.
    struct Counts: Sendable, Hashable {
        var deliveries = 0
        var imports = 0
    }

    private struct Slot {
        /// Since 1970.
        var minute: Int64
        var counts = Counts()
    }

    /// Number of minutes, including the current one.
    static let length = 60
    /// In milliseconds.
    private static let minute: Int64 = 60_000

    /// A slot for each minute, by minute modulo ``length``; a slot may still hold a minute of an earlier hour.
    private var slots = Array(repeating: Slot(minute: -1), count: length)

    /// Adds to the current minute.
    mutating func add(now: Timestamp, _ change: (inout Counts) -> Void) {
        let minute = Self.minute(of: now)
        let index = Self.index(of: minute)
        if slots[index].minute != minute { slots[index] = Slot(minute: minute) }
        change(&slots[index].counts)
    }

    /// The minutes of the last hour, the current one last, and the start of the first.
    func lastHour(now: Timestamp) -> (from: Timestamp, counts: [Counts]) {
        let last = Self.minute(of: now)
        let first = last - Int64(Self.length) + 1
        let counts = (first...last).map { minute in
            let slot = slots[Self.index(of: minute)]
            return slot.minute == minute ? slot.counts : Counts()
        }
        return (Timestamp(milliseconds: first * Self.minute), counts)
    }

    private static func minute(of time: Timestamp) -> Int64 { time.milliseconds / minute }

    private static func index(of minute: Int64) -> Int { Int(minute + Int64(length)) % length }
}
