import Dispatch
import Glibc
import Synchronization

/// Writes lines to a file or pipe, in the order in which they come and each of them whole.
///
/// Lines gather for a moment and are then written together: under load, a call of the system for each would cost as much
/// as everything else about it. A thread of its own writes, so that a reader that stalls never stalls those who log: lines
/// wait in bounded memory, and what finds no room is dropped and counted, warnings last. The end of the process loses
/// nothing of what a reader takes, unless the process is killed.
final class BufferedLogWriter: Sendable {
    /// Standard error.
    static let standardError: BufferedLogWriter = {
        atexit { BufferedLogWriter.standardError.flush() }
        return BufferedLogWriter(to: STDERR_FILENO)
    }()

    /// How many lines were dropped.
    struct Dropped: Sendable, Hashable {
        /// Those that are no warnings or errors.
        var lines = 0
        /// Warnings and errors.
        var warnings = 0

        static func + (left: Self, right: Self) -> Self {
            Self(lines: left.lines + right.lines, warnings: left.warnings + right.warnings)
        }
    }

    /// How long a line may wait for others. Each pause that ends wakes two threads, which costs more than the writing.
    private static let pause = DispatchTimeInterval.milliseconds(50)
    /// How many bytes wait before they are written without a pause.
    private static let batch = 65_536

    /// The lines that wait, and what is due for them.
    private struct Waiting {
        var lines: [UInt8] = []
        /// Whether a pause goes on.
        var isPaused = false
        /// Whether the writer was woken, and has not begun.
        var isDue = false
        /// Dropped, and not reported yet.
        var dropped = Dropped()
        var reported = Dropped()
        /// Whether the reader has taken lines since the last one was dropped.
        var isReaderBack = false
    }

    private let waiting = Mutex(Waiting())
    /// Used by the writer only. The memory is that of the lines written last: the next ones gather in it, as to free that
    /// much and to take it again costs the allocator as much as many lines do.
    private let writing = Mutex<[UInt8]>([])
    private let queue = DispatchQueue(label: "log")
    private let descriptor: CInt
    private let room: Int

    /// - Parameters:
    ///   - descriptor: stays open as long as this is used.
    ///   - room: how many bytes of lines may wait; warnings and errors may take twice as much.
    init(to descriptor: CInt, room: Int = 4 * 1_048_576) {
        self.descriptor = descriptor
        self.room = room
    }

    /// Has a line written; never waits for the reader.
    ///
    /// - Parameters:
    ///   - line: with its end.
    ///   - isUrgent: whether it is a warning or an error: it does not wait for others, and is dropped last.
    /// - Returns: how many lines were dropped before this one, once the reader takes them again; nil if there is nothing to report.
    @discardableResult
    func write(_ line: [UInt8], atOnce isUrgent: Bool) -> Dropped? {
        let (begins, wakes, dropped) = waiting.withLock { waiting -> (Bool, Bool, Dropped?) in
            guard waiting.lines.count + line.count <= (isUrgent ? 2 * room : room) else {
                if isUrgent { waiting.dropped.warnings += 1 } else { waiting.dropped.lines += 1 }
                waiting.isReaderBack = false
                return (false, false, nil)
            }
            let dropped = Self.takeDropped(&waiting)
            waiting.lines += line
            let wakes = (isUrgent || waiting.lines.count > Self.batch) && !waiting.isDue
            let begins = !wakes && !waiting.isPaused && !waiting.isDue
            if wakes { waiting.isDue = true }
            if begins { waiting.isPaused = true }
            return (begins, wakes, dropped)
        }
        if wakes { queue.async { self.writeWaiting() } }
        if begins { queue.asyncAfter(deadline: .now() + Self.pause) { self.writeWaiting() } }
        return dropped
    }

    /// How many lines were dropped since this was asked last, once the reader takes them again; nil for none.
    func takeDropped() -> Dropped? { waiting.withLock { Self.takeDropped(&$0) } }

    private static func takeDropped(_ waiting: inout Waiting) -> Dropped? {
        guard waiting.isReaderBack, waiting.dropped != Dropped() else { return nil }
        waiting.reported = waiting.reported + waiting.dropped
        defer { waiting.dropped = Dropped() }
        return waiting.dropped
    }

    /// How many lines were dropped since the process began.
    var allDropped: Dropped { waiting.withLock { $0.reported + $0.dropped } }

    /// Waits until what waits is written, unless the reader takes longer than that.
    func flush(within limit: DispatchTimeInterval = .seconds(1)) {
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.writeWaiting()
            done.signal()
        }
        _ = done.wait(timeout: .now() + limit)
    }

    /// Writes what waits; on the queue only, so that nobody else waits for the reader.
    private func writeWaiting() {
        writing.withLock { lines in
            waiting.withLock { waiting in
                waiting.isPaused = false
                waiting.isDue = false
                swap(&waiting.lines, &lines)
            }
            writeAll(lines)
            if !lines.isEmpty { waiting.withLock { $0.isReaderBack = true } }
            lines.removeAll(keepingCapacity: lines.capacity <= 4 * Self.batch)
        }
    }

    /// Writes bytes, however often the system takes a part of them. What cannot be written is lost: there is nowhere to
    /// report it.
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
