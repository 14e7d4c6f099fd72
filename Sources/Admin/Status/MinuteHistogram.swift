/// Counts deliveries and imports in each minute of the last hour. A pure value; times are milliseconds since 1970.
struct MinuteHistogram: Sendable {
    /// The counts of one minute.
    struct Counts: Sendable, Hashable {
        var deliveries = 0
        var imports = 0
    }

    private struct Slot {
        var minute: Int64
        var counts = Counts()
    }

    /// Number of minutes, including the current one.
    static let length = 60
    private static let minute: Int64 = 60_000

    /// A slot for each minute, by minute modulo ``length``; a slot may still hold a minute of an earlier hour.
    private var slots = Array(repeating: Slot(minute: -1), count: length)

    /// Adds to the current minute.
    mutating func add(now: Int64, _ change: (inout Counts) -> Void) {
        let minute = Self.minute(of: now)
        let index = Self.index(of: minute)
        if slots[index].minute != minute { slots[index] = Slot(minute: minute) }
        change(&slots[index].counts)
    }

    /// The minutes of the last hour, the current one last, and the start of the first.
    func lastHour(now: Int64) -> (from: Int64, counts: [Counts]) {
        let last = Self.minute(of: now)
        let first = last - Int64(Self.length) + 1
        let counts = (first...last).map { minute in
            let slot = slots[Self.index(of: minute)]
            return slot.minute == minute ? slot.counts : Counts()
        }
        return (first * Self.minute, counts)
    }

    private static func minute(of time: Int64) -> Int64 { max(time, 0) / minute }

    private static func index(of minute: Int64) -> Int { Int(minute + Int64(length)) % length }
}
