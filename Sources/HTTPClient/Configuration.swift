extension HTTPClient {
    /// How a client connects, and how much it takes.
    public struct Configuration: Sendable, Hashable {
        /// Where to connect to instead of the host and port of a request, each as `host:port:address:port`; an empty
        /// part stands for any host or port, or for the request's own. TLS still asks for the request's host. See
        /// `CURLOPT_CONNECT_TO`.
        public var connectTo: [String] = []
        /// The file with the certificates of the authorities to trust, in PEM, or nil for the system's.
        public var certificateAuthorities: String?
        /// How long a connection may take from looking up the name to the end of the TLS handshake.
        public var connectTimeout: Duration = .seconds(5)
        /// How long a request may take in all, waiting for a connection included, unless it says otherwise.
        public var timeout: Duration = .seconds(30)
        /// The longest body of a response that is taken, in bytes.
        public var maximumBodyBytes = 16 * 1024 * 1024
        /// The longest head of a response that is taken, in bytes, with interim responses and trailers.
        public var maximumHeaderBytes = 64 * 1024
        /// How many connections to one host are open at once, 1 to 10,000; further requests wait.
        public var maximumConnectionsPerHost = 16
        /// How old a connection may be, in seconds, to be used again, so that changes of names' addresses are followed.
        public var maximumConnectionLifetime = 300
        /// How long the addresses of a name are used for new connections before it is looked up again, in seconds; 0 is not
        /// at all. Services take addresses out of use that fail.
        public var maximumAddressAge = 5
        /// What the client calls itself in `User-Agent`.
        public var userAgent = "defender-bridge"

        /// Makes a configuration with the defaults.
        public init() {}

        /// Throws if a value cannot be used.
        func validate() throws(HTTPClientError) {
            for entry in connectTo where !Self.isConnectTo(entry) {
                throw HTTPClientError(.invalidConfiguration, "not of the form host:port:address:port: \(entry)")
            }
            guard certificateAuthorities?.utf8.contains(0) != true, FieldRules.isValue(userAgent) else {
                throw HTTPClientError(.invalidConfiguration, "a text has control characters")
            }
            guard (1...10_000).contains(maximumConnectionsPerHost), maximumBodyBytes >= 0, maximumHeaderBytes >= 0,
                maximumConnectionLifetime >= 1, maximumAddressAge >= 0
            else {
                throw HTTPClientError(.invalidConfiguration, "a limit is out of range")
            }
        }

        /// Whether a text has four parts with colons between, of which the second and fourth are ports or empty, and
        /// the others hosts, IPv6 addresses in brackets, or empty.
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
