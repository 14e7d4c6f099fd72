/// Keeps the newest elements up to a capacity. A pure value.
struct RingBuffer<Event: Sendable>: Sendable {
    private let capacity: Int
    private var events: [Event] = []
    /// Index of the oldest element, which the next one replaces, once the buffer is full.
    private var next = 0

    /// - Parameter capacity: at least 1; lower values count as 1.
    init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// Adds an element; replaces the oldest if the buffer is full.
    mutating func add(_ event: Event) {
        if events.count < capacity {
            events.append(event)
        } else {
            events[next] = event
            next = (next + 1) % capacity
        }
    }

    /// All elements, newest first.
    var newestFirst: [Event] { (events[next...] + events[..<next]).reversed() }
}
