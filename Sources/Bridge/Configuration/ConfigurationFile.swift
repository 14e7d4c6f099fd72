import FoundationEssentials
import JSON

/// Reads the small files that the configuration consists of or names.
public enum ConfigurationFile {
    /// The longest file taken, in bytes.
    public static let maximumLength = 1_048_576

    /// Reads a file, and drops a byte order mark at its start.
    ///
    /// - Parameters:
    ///   - path: its path.
    ///   - key: the key or flag that names it, for the error.
    /// - Throws: ``ConfigurationError`` if it cannot be read or is too long.
    public static func read(_ path: String, key: String) throws(ConfigurationError) -> [UInt8] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(key, "the file \(path) cannot be read; check its path and its permissions")
        }
        guard data.count <= maximumLength else {
            throw ConfigurationError(key, "the file \(path) is longer than \(maximumLength) bytes; name another one")
        }
        return Array(ByteOrderMark.dropped(from: Array(data)))
    }
}
