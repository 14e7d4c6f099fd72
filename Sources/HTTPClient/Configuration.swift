extension HTTPClient {
    /// A client's connections, timeouts and limits.
    package struct Configuration: Sendable, Hashable {
        /// Overrides of the address to connect to, each as `host:port:address:port`; an empty part matches any host or
        /// port, or keeps the request's own. TLS still verifies the request's host. See `CURLOPT_CONNECT_TO`.
        package var connectTo: [String] = []
        /// The path of a PEM file with the trusted certificate authorities; nil for the system's.
        package var certificateAuthorities: String?
        /// The connect timeout, from the name lookup to the end of the TLS handshake.
        package var connectTimeout: Duration = .seconds(5)
        /// The default timeout of a request in all, including the wait for a connection.
        package var timeout: Duration = .seconds(30)
        /// The maximum size of a response's body, in bytes.
        package var maximumBodyBytes = 16 * 1024 * 1024
        /// The maximum size of a response's head, in bytes, including interim responses and trailers.
        package var maximumHeaderBytes = 64 * 1024
        /// The maximum number of open connections per host, 1 to 10,000; further requests wait.
        package var maximumConnectionsPerHost = 16
        /// The maximum age of a connection for reuse, in seconds, so that DNS changes take effect.
        package var maximumConnectionLifetime = 300
        /// How long resolved addresses are cached, in seconds; 0 disables the cache. Services remove failed addresses
        /// from DNS.
        package var maximumAddressAge = 5
        /// The `User-Agent` field.
        package var userAgent = "defender-bridge"

        /// Makes a configuration with the defaults.
        package init() {}

        /// Throws if a value is invalid.
        func validate() throws(HTTPClientError) {
            for entry in connectTo where !Self.isConnectTo(entry) {
                throw HTTPClientError(.invalidConfiguration, "not of the form host:port:address:port: \(entry)")
            }
            guard certificateAuthorities?.utf8.contains(0) != true, FieldRules.isValue(userAgent) else {
                throw HTTPClientError(.invalidConfiguration, "a value has control characters")
            }
            guard (1...10_000).contains(maximumConnectionsPerHost), maximumBodyBytes >= 0, maximumHeaderBytes >= 0,
                maximumConnectionLifetime >= 1, maximumAddressAge >= 0
            else {
                throw HTTPClientError(.invalidConfiguration, "a limit is out of range")
            }
        }

        /// Whether a text has four parts separated by colons: the second and fourth are ports or empty, the others
        /// hosts, bracketed IPv6 addresses, or empty.
        static func isConnectTo(_ text: String) -> Bool {
            guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return false }
            var rest = text[...].utf8
            guard takeHost(&rest), takeColon(&rest), takePort(&rest), takeColon(&rest), takeHost(&rest),
                takeColon(&rest), takePort(&rest)
            else { return false }
            return rest.isEmpty
        }

        private static func takeColon(_ rest: inout Substring.UTF8View) -> Bool {
            guard rest.first == UInt8(ascii: ":") else { return false }
            rest.removeFirst()
            return true
        }

        private static func takePort(_ rest: inout Substring.UTF8View) -> Bool {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest[digits.endIndex...]
            return digits.isEmpty || UInt16(Substring(digits)) != nil
        }

        private static func takeHost(_ rest: inout Substring.UTF8View) -> Bool {
            if rest.first == UInt8(ascii: "[") {
                guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
                rest = rest[rest.index(after: end)...]
                return true
            }
            let host = rest.prefix { $0 != UInt8(ascii: ":") }
            rest = rest[host.endIndex...]
            return true
        }
    }
}
