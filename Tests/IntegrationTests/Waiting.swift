import Foundation
import Testing

/// Looks again and again until a condition holds.
///
/// - Parameters:
///   - what: what is waited for, for the failure.
///   - limit: generous; it only ends what would never end.
/// - Returns: what was seen when the condition held.
/// - Throws: ``WaitedInVain`` with what was seen last.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ look: () async throws -> Value,
    is matches: (Value) throws -> Bool
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        let seen = try await look()
        if try matches(seen) { return seen }
        guard ContinuousClock.now < end else { throw WaitedInVain(what: what, limit: limit, seen: "\(seen)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// What was waited for did not come.
struct WaitedInVain: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    let seen: String

    var description: String { "waited \(limit) in vain for \(what); last seen: \(seen.prefix(4000))" }
}

/// Blocking calls need a thread that is not one of the few that tasks run on.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// A folder for one test's files, removed with this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bridge-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ text: String, as name: String) throws -> String {
        let file = path + "/" + name
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    /// The names of the files and folders in it.
    var entries: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}
