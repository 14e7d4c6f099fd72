import Foundation
import Synchronization

/// A new, empty directory for the files of one test, deleted with this object or, if that lives longer, at the end of
/// the process.
public final class TemporaryFolder: Sendable {
    private static let paths = Mutex<Set<String>>([])
    private static let deletionAtExit: Void = {
        atexit { for path in TemporaryFolder.paths.withLock({ $0 }) { TemporaryFolder.delete(path) } }
    }()

    /// The path of the directory.
    public let path: String

    /// Creates a directory in the system's temporary directory.
    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "defender-bridge-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        Self.deletionAtExit
        Self.paths.withLock { [path] in _ = $0.insert(path) }
    }

    deinit {
        Self.delete(path)
        Self.paths.withLock { [path] in _ = $0.remove(path) }
    }

    private static func delete(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the directory; the file need not exist.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and gives its path.
    @discardableResult
    public func write(_ bytes: [UInt8], as name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    /// Writes a file and returns its path.
    @discardableResult
    public func write(_ text: String, as name: String) throws -> String { try write(Array(text.utf8), as: name) }

    /// Reads a file.
    public func read(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path(name)))) }
}
