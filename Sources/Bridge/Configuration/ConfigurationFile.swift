import FoundationEssentials
import Glibc
import JSON

/// Reads the configuration file and the files that settings name.
package enum ConfigurationFile {
    /// The largest accepted file, in bytes.
    package static let maximumLength = 1_048_576

    /// The environment variable that names the configuration file.
    package static let variable = "BRIDGE_CONFIG"
    /// The configuration file that is used if it exists, and neither flag nor variable names one.
    package static let standardPath = "/etc/defender-bridge/bridge.yaml"

    /// The configuration file that applies: that of the flag, of the variable, or the standard one.
    ///
    /// A standard file that this user cannot access counts as existing, so that its settings are not silently ignored.
    ///
    /// - Parameters:
    ///   - flag: the value of `--config`.
    ///   - standardPath: see ``standardPath``.
    /// - Returns: its path, and what names it, for errors; nil for none.
    package static func location(
        flag: String?, environment: [String: String], standardPath: String = standardPath
    ) -> (path: String, key: String)? {
        if let flag { return (flag, "--config") }
        if let path = environment[variable], !path.isEmpty { return (path, variable) }
        let isAbsent = access(standardPath, F_OK) != 0 && [ENOENT, ENOTDIR].contains(errno)
        return isAbsent ? nil : (standardPath, ConfigurationError.fileKey)
    }

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
