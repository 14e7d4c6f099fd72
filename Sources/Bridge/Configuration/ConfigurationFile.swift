import FoundationEssentials
import JSON

/// Reads the configuration file and the files that settings name.
package enum ConfigurationFile {
    /// The largest accepted file, in bytes.
    package static let maximumLength = 1_048_576

    /// Reads a file without a byte order mark at its start.
    ///
    /// - Parameters:
    ///   - path: its path.
    ///   - key: the key or flag that names it, for the error.
    /// - Throws: ``ConfigurationError`` if it cannot be read or is too large.
    package static func read(_ path: String, key: String) throws(ConfigurationError) -> [UInt8] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(key, "cannot read \(path). Check the path and the permissions of the file.")
        }
        guard data.count <= maximumLength else {
            throw ConfigurationError(key, "\(path) is larger than \(maximumLength) bytes. Use a smaller file.")
        }
        return Array(ByteOrderMark.dropped(from: Array(data)))
    }
}
