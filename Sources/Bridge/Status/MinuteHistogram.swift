/// How much happened in each minute of the last hour. A pure value; times are milliseconds since 1970.
struct MinuteHistogram: Sendable {
    /// What is counted of one minute.
    struct Counts: Sendable, Hashable {
        var deliveries = 0
        var imports = 0
    }

    private struct Slot {
        var minute: Int64
        var counts = Counts()
    }

    /// How many minutes are told of, the present one among them.
    static let length = 60
    private static let minute: Int64 = 60_000

    /// Each minute has its place; what stands there may be from another hour.
    private var slots = Array(repeating: Slot(minute: -1), count: length)

    /// Adds to the present minute.
    mutating func add(now: Int64, _ change: (inout Counts) -> Void) {
        let minute = Self.minute(of: now)
        let index = Self.index(of: minute)
        if slots[index].minute != minute { slots[index] = Slot(minute: minute) }
        change(&slots[index].counts)
    }

    /// The minutes of the last hour, the present one last, and when the first of them began.
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
