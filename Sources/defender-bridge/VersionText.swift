import Bridge
import CBuild
import Cryptography
import EventLoop
import HTTPClient
import SQLiteStore

/// What `--version` prints: the program and its build, then the libraries that it runs with, a line each.
enum VersionText {
    static var text: String {
        let lines =
            ["defender-bridge \(Bridge.version)"] + build + [
                "OpenSSL \(OpenSSL.version)", "libcurl \(HTTPClient.libcurlVersion)", "libuv \(EventLoop.libuvVersion)",
                "SQLite \(SQLiteStore.sqliteVersion)",
            ]
        return lines.joined(separator: "\n")
    }

    /// Commit and date, if deploy/packages/build.sh built the program.
    private static var build: [String] {
        let commit = String(cString: bridge_build_commit)
        let date = String(cString: bridge_build_date)
        return commit.isEmpty || date.isEmpty ? ["unknown build"] : ["commit \(commit)", "built \(date)"]
    }
}
