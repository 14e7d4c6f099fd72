/// The last so many of something. A pure value.
struct RingBuffer<Event: Sendable>: Sendable {
    private let capacity: Int
    private var events: [Event] = []
    /// Where the next one goes, once all places are taken: the oldest stands there.
    private var next = 0

    /// - Parameter capacity: how many are kept, at least one.
    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds one, in place of the oldest if there are as many as are kept.
    mutating func add(_ event: Event) {
        if events.count < capacity {
            events.append(event)
        } else {
            events[next] = event
            next = (next + 1) % capacity
        }
    }

    /// All that are kept, the newest first.
    var newestFirst: [Event] { (events[next...] + events[..<next]).reversed() }
}
