import Dispatch
import Encoding
import Glibc
import Synchronization

/// Writes whole lines to a file or pipe, in order.
///
/// Lines are collected for a short time and then written together: under load, a system call per line would cost as much
/// as formatting it. A separate thread writes, so that a stalled reader never blocks the threads that log: lines wait in a
/// bounded buffer, and lines that do not fit are dropped and counted, warnings last. No buffered line is lost when the
/// process exits, unless it is killed or the reader is stalled.
package final class BufferedLogWriter: Sendable {
    /// Standard error.
    package static let standardError: BufferedLogWriter = {
        atexit { BufferedLogWriter.standardError.flush() }
        return BufferedLogWriter(to: STDERR_FILENO)
    }()

    /// Numbers of dropped lines.
    package struct Dropped: Sendable, Hashable {
        /// Lines below the level `warning`.
        package var lines = 0
        /// Warnings and errors.
        package var warnings = 0

        static func + (left: Self, right: Self) -> Self {
            Self(lines: left.lines + right.lines, warnings: left.warnings + right.warnings)
        }
    }

    /// The maximum time a line waits for others. Each expiry wakes two threads, which costs more than the writing.
    private static let pause = DispatchTimeInterval.milliseconds(50)
    /// The number of buffered bytes that are written without waiting.
    private static let batch = 65_536

    /// The buffered lines, and the state of the writer.
    private struct Waiting {
        var lines: [UInt8] = []
        /// Whether the timer is running.
        var isPaused = false
        /// Whether the writer was woken and has not started.
        var isDue = false
        /// Dropped lines that are not reported yet.
        var dropped = Dropped()
        var reported = Dropped()
        /// Whether the reader has read lines since the last one was dropped.
        var hasReaderRecovered = false
    }

    private let waiting = Mutex(Waiting())
    /// The lines being written; used by the writer only. Its memory is reused for the next lines: freeing and allocating that
    /// much costs as much as formatting many lines.
    private let writing = Mutex<[UInt8]>([])
    private let queue = DispatchQueue(label: "log")
    private let descriptor: CInt
    private let capacity: Int

    /// - Parameters:
    ///   - descriptor: must stay open while this is used.
    ///   - capacity: the size of the buffer in bytes; twice as much for warnings and errors.
    package init(to descriptor: CInt, capacity: Int = 4 * 1_048_576) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Buffers a line for writing. Never waits for the reader.
    ///
    /// - Parameters:
    ///   - line: includes the line break.
    ///   - isUrgent: whether it is a warning or an error: it is written immediately, and dropped last.
    /// - Returns: the lines dropped before this one, once the reader has recovered; nil if there is nothing to report.
    @discardableResult
    package func write(_ line: [UInt8], immediately isUrgent: Bool) -> Dropped? {
        let (startsTimer, wakes, dropped) = waiting.withLock { waiting -> (Bool, Bool, Dropped?) in
            guard waiting.lines.count + line.count <= (isUrgent ? 2 * capacity : capacity) else {
                if isUrgent { waiting.dropped.warnings += 1 } else { waiting.dropped.lines += 1 }
                waiting.hasReaderRecovered = false
                return (false, false, nil)
            }
            let dropped = Self.takeDropped(&waiting)
            waiting.lines += line
            let wakes = (isUrgent || waiting.lines.count > Self.batch) && !waiting.isDue
            let startsTimer = !wakes && !waiting.isPaused && !waiting.isDue
            if wakes { waiting.isDue = true }
            if startsTimer { waiting.isPaused = true }
            return (startsTimer, wakes, dropped)
        }
        if wakes { queue.async { self.writeWaiting() } }
        if startsTimer { queue.asyncAfter(deadline: .now() + Self.pause) { self.writeWaiting() } }
        return dropped
    }

    /// The lines dropped since the last call, once the reader has recovered; nil if there are none.
    func takeDropped() -> Dropped? { waiting.withLock { Self.takeDropped(&$0) } }

    private static func takeDropped(_ waiting: inout Waiting) -> Dropped? {
        guard waiting.hasReaderRecovered, waiting.dropped != Dropped() else { return nil }
        waiting.reported = waiting.reported + waiting.dropped
        defer { waiting.dropped = Dropped() }
        return waiting.dropped
    }

    /// All lines dropped since the process started.
    package var allDropped: Dropped { waiting.withLock { $0.reported + $0.dropped } }

    /// Waits until the buffered lines are written, or until the timeout.
    func flush(within timeout: DispatchTimeInterval = .seconds(1)) {
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.writeWaiting()
            done.signal()
        }
        _ = done.wait(timeout: .now() + timeout)
    }

    /// Writes the buffered lines. Runs on the queue only, so that no other thread waits for the reader.
    private func writeWaiting() {
        writing.withLock { lines in
            waiting.withLock { waiting in
                waiting.isPaused = false
                waiting.isDue = false
                swap(&waiting.lines, &lines)
            }
            writeAll(lines)
            if !lines.isEmpty { waiting.withLock { $0.hasReaderRecovered = true } }
            lines.removeAll(keepingCapacity: lines.capacity <= 4 * Self.batch)
        }
    }

    /// Writes bytes, in several system calls if necessary. Bytes that cannot be written are lost: there is nowhere to report
    /// the error.
    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
