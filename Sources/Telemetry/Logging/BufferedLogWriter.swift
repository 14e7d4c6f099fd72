import Dispatch
import Glibc
import Synchronization

/// Writes whole lines to a file or pipe, in order.
///
/// A separate thread writes, so that a stalled reader never blocks the threads that log: lines wait in a bounded buffer, and
/// lines that do not fit are dropped and counted, warnings last. Lines are collected for a short time and written together,
/// warnings immediately. No buffered line is lost when the process exits, unless it is killed or the reader is stalled.
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

    /// The maximum time a line waits for others.
    private static let pause = DispatchTimeInterval.milliseconds(50)
    /// The number of buffered bytes that are written without waiting.
    private static let batch = 65_536

    /// The buffered lines, and the state of the writer.
    private struct State {
        var lines: [UInt8] = []
        /// When the writer takes the lines.
        var due = Due.never
        /// Dropped lines that are not reported yet.
        var dropped = Dropped()
        var reported = Dropped()
        /// Whether the reader has read lines since the last one was dropped.
        var hasReaderRecovered = false
    }

    private enum Due: Comparable {
        case never
        case soon
        case immediately
    }

    private let state = Mutex(State())
    /// Its thread writes.
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
        let (due, dropped) = state.withLock { state -> (Due, Dropped?) in
            guard state.lines.count + line.count <= (isUrgent ? 2 * capacity : capacity) else {
                if isUrgent { state.dropped.warnings += 1 } else { state.dropped.lines += 1 }
                state.hasReaderRecovered = false
                return (.never, nil)
            }
            let dropped = Self.takeDropped(&state)
            state.lines += line
            let due = isUrgent || state.lines.count > Self.batch ? Due.immediately : .soon
            guard due > state.due else { return (.never, dropped) }
            state.due = due
            return (due, dropped)
        }
        switch due {
        case .never: break
        case .soon: queue.asyncAfter(deadline: .now() + Self.pause) { self.writeLines() }
        case .immediately: queue.async { self.writeLines() }
        }
        return dropped
    }

    /// The lines dropped since the last call, once the reader has recovered; nil if there are none.
    func takeDropped() -> Dropped? { state.withLock { Self.takeDropped(&$0) } }

    private static func takeDropped(_ state: inout State) -> Dropped? {
        guard state.hasReaderRecovered, state.dropped != Dropped() else { return nil }
        state.reported = state.reported + state.dropped
        defer { state.dropped = Dropped() }
        return state.dropped
    }

    /// All lines dropped since the process started.
    package var allDropped: Dropped { state.withLock { $0.reported + $0.dropped } }

    /// Waits until the buffered lines are written, or until the timeout.
    func flush(within timeout: DispatchTimeInterval = .seconds(1)) {
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.writeLines()
            done.signal()
        }
        _ = done.wait(timeout: .now() + timeout)
    }

    /// Writes the buffered lines. Runs on the queue only, so that no other thread waits for the reader.
    private func writeLines() {
        let lines = state.withLock { state in
            defer { (state.lines, state.due) = ([], .never) }
            return state.lines
        }
        guard !lines.isEmpty else { return }
        writeAll(lines)
        state.withLock { $0.hasReaderRecovered = true }
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
