package import DequeModule

/// Elements that wait for a shared batch: those that arrive while a batch runs form the next one.
///
/// A pure value. Its owner protects it, runs the batches, and reports the end of each.
package struct BatchQueue<Element> {
    /// What happens to an appended element.
    package enum Admission {
        /// The queue is closed; the element was not added.
        case rejected
        /// A running batch continues with it.
        case queued
        /// Nothing runs: the caller starts a batch.
        case start
    }

    /// The waiting elements, oldest first.
    package var waiting: Deque<Element> = []
    /// Whether a batch is running or about to start.
    package private(set) var isRunning = false
    /// Whether further elements are rejected.
    package private(set) var isClosed = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    /// Creates an empty queue.
    package init() {}

    /// Adds an element, unless the queue is closed.
    package mutating func append(_ element: Element) -> Admission {
        if isClosed { return .rejected }
        waiting.append(element)
        if isRunning { return .queued }
        isRunning = true
        return .start
    }

    /// Removes and returns the elements of the next batch, oldest first.
    ///
    /// - Parameter count: how many of the waiting elements form it; more than there are means all.
    package mutating func takeBatch(_ count: (Deque<Element>) -> Int) -> [Element] {
        let batch = Array(waiting.prefix(count(waiting)))
        waiting.removeFirst(batch.count)
        return batch
    }

    /// Ends a batch.
    ///
    /// - Returns: nil if elements wait: the owner runs the next batch. Otherwise, the callers to resume because the
    ///   queue is closed and empty.
    package mutating func endBatch() -> [CheckedContinuation<Void, Never>]? {
        guard waiting.isEmpty else { return nil }
        isRunning = false
        defer { closers = [] }
        return closers
    }

    /// Rejects further elements.
    ///
    /// - Parameter closer: is returned by ``endBatch()`` when the waiting elements are done.
    /// - Returns: whether a batch is running; if not, the owner resumes the closer.
    package mutating func close(_ closer: CheckedContinuation<Void, Never>) -> Bool {
        isClosed = true
        if isRunning { closers.append(closer) }
        return isRunning
    }
}
