import CLibpq
import Glibc
package import Store

/// The address of a PostgreSQL database: a libpq connection URI.
///
/// Its description never contains the URI, which may include a password.
package struct PostgreSQLAddress: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let url: String

    /// Parses a URI (PostgreSQL documentation, section 34.1.1.2, "Connection URIs").
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath`` for a URI that libpq rejects. The message never
    ///   contains parts of the URI.
    package init(url: String) throws(StoreError) {
        guard !url.utf8.contains(0) else { throw Self.malformed }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        // The message quotes the URI, which may include a password.
        PQfreemem(message)
        guard let options else { throw Self.malformed }
        defer { PQconninfoFree(options) }
        guard Self.hasPorts(options) else { throw Self.malformed }
        self.url = url
    }

    /// Whether all ports are valid. libpq checks them only when it connects, and then quotes them.
    private static func hasPorts(_ options: UnsafeMutablePointer<PQconninfoOption>) -> Bool {
        var option = options
        while let keyword = option.pointee.keyword {
            if String(cString: keyword) == "port", let value = option.pointee.val {
                return String(cString: value).split(separator: ",").allSatisfy { UInt16($0).map { $0 > 0 } ?? false }
            }
            option += 1
        }
        return true
    }

    /// Checks that this user can read the certificate and key files that the URI names.
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath``. Without this check, libpq would fail as if the
    ///   server were unreachable.
    func checkFiles() throws(StoreError) {
        guard let options = PQconninfoParse(url, nil) else { throw Self.malformed }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            let value = option.pointee.val.map { String(cString: $0) } ?? ""
            if Self.files.contains(keyword), !value.isEmpty, value != "system", access(value, R_OK) != 0 {
                throw StoreError(
                    .invalidPath,
                    "Cannot read the \(keyword) file in store.url: \(value): \(String(cString: strerror(errno))). "
                        + "Specify a PEM file that this user can read.")
            }
            option += 1
        }
    }

    /// The parameters that name files. `sslrootcert=system` names none.
    private static let files: Set = ["sslrootcert", "sslcert", "sslkey", "sslcrl"]

    private static let malformed = StoreError(
        .invalidPath,
        """
        store.url is not a valid PostgreSQL URL. Use the form \
        postgresql://role:password@host:5432/database?sslmode=verify-full, and percent-encode (%XX) all characters of \
        the password other than letters and digits.
        """)

    /// A fixed text, without the URI.
    package var description: String { "a PostgreSQL database" }

    /// An empty mirror, so that the URI is not dumped.
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Connects. Blocks the thread until the connection is established or has failed. Each of several hosts has the
    /// time limit of the URI (`connect_timeout`), or 3 seconds.
    ///
    /// libpq's non-blocking functions are not used: they resolve names and read certificates synchronously, which would
    /// block the other connections on the loop, and have no time limit, so that the second host would never be tried if
    /// the first one does not respond.
    func connect() -> OpaquePointer? {
        let settings: [(String, String)] = [
            // The URI overrides the parameters before it; those after it override the URI.
            ("connect_timeout", "3"), ("target_session_attrs", "read-write"),
            // Detects a dead server within seconds, even on an idle connection.
            ("keepalives_idle", "3"), ("keepalives_interval", "1"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "6000"), ("fallback_application_name", "defender-bridge"), ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
        return Self.withArray(settings.map(\.0)) { keywords in
            Self.withArray(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
    }

    /// Calls a closure with texts as a null-terminated array of C strings.
    private static func withArray<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(bytes.count)
            bytes += text.utf8CString
        }
        return bytes.withUnsafeBufferPointer { bytes in
            let pointers = starts.map { start in bytes.baseAddress.map { $0 + start } } + [nil]
            return pointers.withUnsafeBufferPointer { buffer in
                // A non-empty array has a base address.
                guard let base = buffer.baseAddress else { preconditionFailure("an array has no place") }
                return body(base)
            }
        }
    }
}
