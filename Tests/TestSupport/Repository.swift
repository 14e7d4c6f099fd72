public import Foundation

/// The repository that the tests belong to.
public enum Repository {
    private static let root =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file or folder.
    ///
    /// - Parameter path: its path from the repository's root.
    public static func file(_ path: String) -> URL { root.appending(path: path) }

    /// The text of a file in UTF-8.
    ///
    /// - Parameter path: its path from the repository's root.
    public static func text(of path: String) throws -> String { try String(contentsOf: file(path), encoding: .utf8) }
}
