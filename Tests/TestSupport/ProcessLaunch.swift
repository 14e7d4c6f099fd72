import Foundation

/// Starts processes one after the other.
///
/// Foundation's pipes, and the sockets by which it learns of a process's end, are open in each process that another
/// thread starts at the same moment. The first process then seems to live, and its output does not end, until the
/// second has ended too.
public enum ProcessLaunch {
    private static let lock = NSRecursiveLock()

    /// Makes pipes and starts the process that uses them, while no other thread does.
    public static func alone<Result>(_ body: () throws -> Result) rethrows -> Result {
        try lock.withLock(body)
    }
}
