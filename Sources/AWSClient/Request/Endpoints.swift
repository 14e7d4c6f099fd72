package import AWSCore
import Encoding

/// The address of a service: scheme, authority and path prefix.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// Host, with the port if it is not the scheme's default.
    package let authority: String
    /// The prefix of each request's path; empty, or segments that each begin with a slash.
    package let pathPrefix: String

    /// Parses `http://host`, `https://host:port/prefix` and similar; nil for anything else. A prefix may have only
    /// unreserved characters (RFC 3986), because it is signed.
    package init?(_ url: String) {
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

    /// The public endpoint of a service in a Region, by the rules of AWS's SDKs (`endpoint-rule-set-1`).
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

    /// Whether a text is a host or a bracketed IPv6 address, with or without a port.
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
    package var description: String { "\(scheme)://\(authority)\(pathPrefix)" }
}

/// An endpoint setting that is not a URL.
package struct EndpointError: Error, Hashable, CustomStringConvertible {
    /// The name of the environment variable or key.
    package let variable: String

    /// The variable's name and the problem.
    package var description: String { "\(variable) is not a URL of the form https://host:port/prefix" }
}

/// The endpoints of the services. `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL` and the profile, in this order,
/// override AWS's public endpoints (AWS SDKs and Tools Reference Guide, "Service-specific endpoints").
package struct Endpoints: Sendable, Hashable {
    /// Which variant of a Region's public endpoint is used.
    struct Kind: Sendable, Hashable {
        /// Whether to use FIPS 140 endpoints.
        var usesFIPS = false
        /// Whether to use dual-stack (IPv4 and IPv6) endpoints.
        var isDualStack = false

        /// Whether the host name has the `-fips` suffix: in GovCloud, the default endpoints of some services are FIPS
        /// endpoints already.
        func isFIPS(_ service: AWSService, in region: Region) -> Bool {
            guard usesFIPS, region.partition == .awsUSGov else { return usesFIPS }
            let isNamed = ["us-gov-east-1", "us-gov-west-1"].contains(region.name)
            return switch service {
            case .events: !isDualStack && !isNamed
            case .sns, .cloudTrail, .cloudWatch: isDualStack || !isNamed
            case .sts: isDualStack
            case .iot, .securityHub: true
            }
        }
    }

    private let overrides: [AWSService: Endpoint]
    private let kind: Kind

    /// Reads the environment variables only. An empty one counts as missing.
    ///
    /// - Throws: ``EndpointError`` for the first variable whose value is not a URL.
    package init(environment: [String: String] = [:]) throws(EndpointError) {
        try self.init(environment: environment, profile: [:], services: [:])
    }

    /// Reads the environment variables and the profile.
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

    /// The `endpoint_url` in the indented lines of a service.
    private static func nestedURL(_ lines: String) -> String? {
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
            if parts.count == 2, parts[0] == "endpoint_url" { return String(parts[1]) }
        }
        return nil
    }

    /// The endpoint of a service for a Region.
    package func endpoint(of service: AWSService, in region: Region) -> Endpoint {
        overrides[service] ?? Endpoint(service, in: region, kind: kind)
    }
}
