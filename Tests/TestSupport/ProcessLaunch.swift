import Foundation

/// Serializes the launch of processes.
///
/// Foundation's pipes, and the sockets by which it detects the end of a process, are inherited by every process that
/// another thread starts at the same moment. The first process then seems to run, and its output does not end, until
/// the second one has ended, too.
public enum ProcessLaunch {
    private static let lock = NSRecursiveLock()

    /// Creates pipes and starts the process that uses them, while no other thread does.
    public static func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
        try lock.withLock(body)
    }
}
