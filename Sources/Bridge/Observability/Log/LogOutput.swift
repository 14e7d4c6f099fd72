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

    /// How long a line may wait for others.
    private static let pause = DispatchTimeInterval.milliseconds(10)
    /// How many bytes may wait. Whoever brings more writes it, and waits for whoever reads it.
    private static let capacity = 65_536

    private let waiting = Mutex<[UInt8]>([])
    /// Held by the one thread that writes.
    private let writing = Mutex(())
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
        let (before, count) = waiting.withLock { waiting in
            let before = waiting.count
            waiting += line
            return (before, waiting.count)
        }
        if isUrgent || count > Self.capacity {
            flush()
        } else if before == 0 {
            queue.asyncAfter(deadline: .now() + Self.pause) { self.flush() }
        }
    }

    /// Writes what waits.
    func flush() {
        writing.withLock { _ in
            let lines = waiting.withLock { waiting in
                let lines = waiting
                waiting = []
                // As many may come in the next moment: an array that grows is copied each time.
                waiting.reserveCapacity(lines.count)
                return lines
            }
            let written = lines.isEmpty ? 0 : max(Glibc.write(descriptor, lines, lines.count), 0)
            guard written < lines.count else { return }
            // What cannot be written by this either is lost: there is nobody left to tell.
            try? FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(lines[written...]))
        }
    }
}
