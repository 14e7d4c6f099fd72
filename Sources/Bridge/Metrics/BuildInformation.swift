import CBuild
import Cryptography
import EventLoop
import HTTPClient
import SQLiteStore

/// What the program was built from, and the libraries that it runs with.
package enum BuildInformation {
    /// The commit; nil if the build did not name one.
    package static let commit = text(bridge_build_commit)
    /// When the program was built, as ISO 8601; nil if the build did not name a time.
    package static let date = text(bridge_build_date)
    /// The libraries and their versions.
    package static let libraries = [
        ("OpenSSL", OpenSSL.version), ("libcurl", HTTPClient.libcurlVersion), ("libuv", EventLoop.libuvVersion),
        ("SQLite", SQLiteStore.sqliteVersion),
    ]

    /// The labels of the metric of the build, sorted by name.
    ///
    /// - Parameter version: the product's version.
    static func labels(version: String) -> [(String, String)] {
        let own = [("version", version), ("commit", commit ?? "unknown")]
        return (own + libraries.map { ($0.0.lowercased(), $0.1) }).sorted { $0.0 < $1.0 }
    }

    private static func text(_ value: UnsafePointer<CChar>) -> String? {
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }
}
