import CLibpq
import Glibc

/// Where a PostgreSQL database is and how it is reached: a connection URI as libpq understands it.
///
/// Its description never shows the URI, which may hold a password.
public struct PostgreSQLAddress: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let url: String

    /// Takes a URI (PostgreSQL documentation, section 34.1.1.2, "Connection URIs").
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath`` for what libpq does not understand. The message
    ///   never repeats any of the URI.
    public init(url: String) throws(StoreError) {
        guard !url.utf8.contains(0) else { throw Self.malformed }
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(url, &message)
        // It quotes what it does not understand, which can be a part of a password.
        PQfreemem(message)
        guard let options else { throw Self.malformed }
        defer { PQconninfoFree(options) }
        guard Self.hasPorts(options) else { throw Self.malformed }
        self.url = url
    }

    /// Whether all ports are such, which libpq looks at when it connects, and quotes if not.
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

    /// Checks that this user can read the certificates and the key that the URI names.
    ///
    /// - Throws: ``StoreError`` with ``StoreError/Code/invalidPath``. libpq would fail as if the server were not there.
    func checkFiles() throws(StoreError) {
        guard let options = PQconninfoParse(url, nil) else { throw Self.malformed }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword.map({ String(cString: $0) }) {
            let value = option.pointee.val.map { String(cString: $0) } ?? ""
            if Self.files.contains(keyword), !value.isEmpty, value != "system", access(value, R_OK) != 0 {
                throw StoreError(
                    .invalidPath,
                    "The file of \(keyword) in the store's URL cannot be read: \(value): \(String(cString: strerror(errno))). "
                        + "Name a PEM file that this user can read.")
            }
            option += 1
        }
    }

    /// The parameters that name files. `sslrootcert=system` names none.
    private static let files: Set = ["sslrootcert", "sslcert", "sslkey", "sslcrl"]

    private static let malformed = StoreError(
        .invalidPath,
        """
        The store's URL is none that PostgreSQL's library understands. Write \
        postgresql://role:password@host:5432/database?sslmode=verify-full, with %XX for characters of a password \
        other than letters and digits.
        """)

    /// That it is one, without any of it.
    public var description: String { "a PostgreSQL database" }

    /// Nothing of it.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Connects, which blocks the thread until it is done or has failed; each of several hosts gets the time that the URI
    /// sets (`connect_timeout`), or three seconds.
    ///
    /// Not libpq's non-blocking functions: they look names up and read certificates in the midst of it, which would hold up
    /// the queries of all other connections on the loop, and have no time limit, so that a first host that does not answer
    /// would never be given up for the second.
    func connect() -> OpaquePointer? {
        let settings: [(String, String)] = [
            // What the URI says counts more than what stands before it, and less than what stands behind it.
            ("connect_timeout", "3"), ("target_session_attrs", "read-write"),
            // A database that is gone without a word is noticed within seconds also where nothing is asked of it.
            ("keepalives_idle", "3"), ("keepalives_interval", "1"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "6000"), ("fallback_application_name", "defender-bridge"), ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
        return Self.withArray(settings.map(\.0)) { keywords in
            Self.withArray(settings.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
    }

    /// Calls a closure with texts as C has them, and nil behind the last.
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
                // An array with an element has a place.
                guard let base = buffer.baseAddress else { preconditionFailure("an array has no place") }
                return body(base)
            }
        }
    }
}
