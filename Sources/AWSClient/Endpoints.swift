public import AWSCore

/// Where a service is reached.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// Host, and port if it is not the scheme's own.
    public let authority: String
    /// What stands before the path of each request; empty, or segments that each begin with a slash.
    public let pathPrefix: String

    /// Reads `http://host`, `https://host:port/prefix` and the like; nil for anything else. A prefix is made of
    /// unreserved characters (RFC 3986), because it gets signed.
    public init?(_ url: String) {
        guard let colon = url.firstRange(of: "://"), url.utf8.count <= 2048 else { return nil }
        scheme = url[..<colon.lowerBound].lowercased()
        let rest = url[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        var prefix = rest[slash...]
        if prefix.hasSuffix("/") { prefix.removeLast() }
        pathPrefix = String(prefix)
        guard scheme == "http" || scheme == "https", Self.isAuthority(authority),
            prefix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().allSatisfy({
                !$0.isEmpty && $0.allSatisfy(PercentEncoding.isUnreserved) && !$0.allSatisfy { $0 == 0x2E }
            })
        else { return nil }
    }

    /// The public endpoint of a service in a Region, by the rules that AWS's SDKs share (`endpoint-rule-set-1`).
    init(_ service: AWSService, in region: Region, kind: Endpoints.Kind) {
        let suffix = kind.isDualStack ? region.partition.dualStackDNSSuffix : region.partition.dnsSuffix
        scheme = "https"
        authority = "\(service.signingName)\(kind.isFIPS(service, in: region) ? "-fips" : "").\(region).\(suffix)"
        pathPrefix = ""
    }

    /// The host, an IPv6 address in brackets, without a port.
    var host: String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        return String(authority[..<colon])
    }

    /// Host or bracketed IPv6 address, with or without port.
    private static func isAuthority(_ text: String) -> Bool {
        var host = Substring(text)
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            guard UInt16(text[text.index(after: colon)...]) != nil else { return false }
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.dropFirst().dropLast().allSatisfy { isHexadecimal($0) || $0 == 0x3A || $0 == 0x2E }
        }
        return !host.isEmpty && host.utf8.allSatisfy(PercentEncoding.isUnreserved)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    /// The URL.
    public var description: String { "\(scheme)://\(authority)\(pathPrefix)" }
}

/// A variable with something other than a URL.
public struct EndpointError: Error, Hashable, CustomStringConvertible {
    /// The variable's name.
    public let variable: String

    /// What is wrong, with the variable's name.
    public var description: String { "\(variable) is not a URL of the form https://host:port/prefix" }
}

/// Where the services are reached: at AWS's public endpoints, or where `AWS_ENDPOINT_URL_<SERVICE>`, after it
/// `AWS_ENDPOINT_URL`, and after that the profile says (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
public struct Endpoints: Sendable, Hashable {
    /// Which of a Region's public endpoints is used.
    struct Kind: Sendable, Hashable {
        /// Whether its cryptography is validated by FIPS 140.
        var usesFIPS = false
        /// Whether it has addresses of IPv6, too.
        var isDualStack = false

        /// Whether the host's name says so: in GovCloud, the usual endpoints of some services are FIPS's.
        func isFIPS(_ service: AWSService, in region: Region) -> Bool {
            guard usesFIPS, region.partition == .awsUSGov else { return usesFIPS }
            let isNamed = ["us-gov-east-1", "us-gov-west-1"].contains(region.name)
            return switch service {
            case .events: !isDualStack && !isNamed
            case .sns, .cloudTrail: isDualStack || !isNamed
            case .sts: isDualStack
            case .iot, .securityHub: true
            }
        }
    }

    private let overrides: [AWSService: Endpoint]
    private let kind: Kind

    /// Reads the variables alone. An empty one counts as missing.
    ///
    /// - Throws: ``EndpointError`` that names a variable whose value is no URL.
    public init(environment: [String: String] = [:]) throws(EndpointError) {
        try self.init(environment: environment, profile: [:], services: [:])
    }

    /// Reads the variables, and what the profile says.
    ///
    /// - Parameters:
    ///   - profile: the settings of the profile in the configuration file.
    ///   - services: the `[services NAME]` section that the profile names.
    init(
        environment: [String: String], profile: ProfileFile.Section, services: ProfileFile.Section
    ) throws(EndpointError) {
        func isOn(_ variable: String, _ key: String) -> Bool {
            (Self.given(environment[variable]) ?? profile[key])?.lowercased() == "true"
        }
        kind = Kind(
            usesFIPS: isOn("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            isDualStack: isOn("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"))
        guard !isOn("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") else {
            overrides = [:]
            return
        }
        var overrides: [AWSService: Endpoint] = [:]
        for service in AWSService.allCases {
            let places = [
                (service.endpointVariable, environment[service.endpointVariable]),
                ("AWS_ENDPOINT_URL", environment["AWS_ENDPOINT_URL"]),
                ("endpoint_url", services[service.servicesKey].flatMap(Self.nestedURL)),
                ("endpoint_url", profile["endpoint_url"]),
            ]
            guard let (name, url) = places.lazy.compactMap({ place in Self.given(place.1).map { (place.0, $0) } }).first
            else { continue }
            guard let endpoint = Endpoint(url) else { throw EndpointError(variable: name) }
            overrides[service] = endpoint
        }
        self.overrides = overrides
    }

    private static func given(_ text: String?) -> String? { KeyText.trimmed(text) }

    /// The `endpoint_url` among the lines that are indented under a service.
    private static func nestedURL(_ lines: String) -> String? {
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
            if parts.count == 2, parts[0] == "endpoint_url" { return String(parts[1]) }
        }
        return nil
    }

    /// Where a service is reached for a Region.
    public func endpoint(of service: AWSService, in region: Region) -> Endpoint {
        overrides[service] ?? Endpoint(service, in: region, kind: kind)
    }
}
