import Dispatch
import Foundation
import Glibc
import Synchronization

/// Writes lines to a file or pipe, in the order in which they come and each of them whole.
///
/// Lines gather for a moment and are then written all at once: under load, a call of the system for each would cost as
/// much as all else about it. Trouble is told at once, with what came before it, and the end of the process loses nothing
/// unless it is killed.
final class LogOutput: Sendable {
    /// Standard error.
    static let standardError: LogOutput = {
        atexit { LogOutput.standardError.flush() }
        return LogOutput(to: STDERR_FILENO)
    }()

    /// How long a line may wait for others. Each pause that ends wakes two threads, which costs more than the writing.
    private static let pause = DispatchTimeInterval.milliseconds(50)
    /// How many bytes may wait. Whoever brings more writes it, and waits for whoever reads it.
    private static let capacity = 65_536

    /// The lines that wait, and whether a pause goes on for them.
    private struct Waiting {
        var lines: [UInt8] = []
        var isPaused = false
    }

    private let waiting = Mutex(Waiting())
    /// Held by the one thread that writes. The memory is that of the lines written last: the next ones gather in it, as to
    /// free that much and to take it again costs the allocator as much as many lines do.
    private let writing = Mutex<[UInt8]>([])
    private let queue = DispatchQueue(label: "log")
    private let descriptor: CInt

    /// - Parameter descriptor: stays open as long as this is used.
    init(to descriptor: CInt) { self.descriptor = descriptor }

    /// Writes a line.
    ///
    /// - Parameters:
    ///   - line: with its end.
    ///   - atOnce: whether it is written when this returns, and not within moments.
    func write(_ line: [UInt8], atOnce isUrgent: Bool) {
        let (count, begins) = waiting.withLock { waiting in
            waiting.lines += line
            let begins = !waiting.isPaused && !isUrgent
            if begins { waiting.isPaused = true }
            return (waiting.lines.count, begins)
        }
        if isUrgent || count > Self.capacity { flush() }
        if begins { queue.asyncAfter(deadline: .now() + Self.pause) { self.flush(atPauseEnd: true) } }
    }

    /// Writes what waits.
    ///
    /// - Parameter isPauseEnd: whether that ends the pause, so that the next line begins another one.
    func flush(atPauseEnd isPauseEnd: Bool = false) {
        writing.withLock { lines in
            waiting.withLock { waiting in
                if isPauseEnd { waiting.isPaused = false }
                swap(&waiting.lines, &lines)
            }
            let written = lines.isEmpty ? 0 : max(Glibc.write(descriptor, lines, lines.count), 0)
            if written < lines.count {
                // What cannot be written by this either is lost: there is nobody left to tell.
                try? FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(lines[written...]))
            }
            lines.removeAll(keepingCapacity: lines.capacity <= 4 * Self.capacity)
        }
    }
}
