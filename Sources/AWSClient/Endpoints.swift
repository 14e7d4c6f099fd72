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

    /// The public endpoint of a service in a Region (AWS General Reference, "Service endpoints").
    init(_ service: AWSService, in region: Region) {
        scheme = "https"
        authority = "\(service.signingName).\(region).\(region.partition.dnsSuffix)"
        pathPrefix = ""
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

/// Where the services are reached: at AWS's public endpoints, or where `AWS_ENDPOINT_URL_<SERVICE>` or, after it,
/// `AWS_ENDPOINT_URL` says (AWS SDKs Reference Guide, "Service-specific endpoints").
public struct Endpoints: Sendable, Hashable {
    private let overrides: [AWSService: Endpoint]

    /// Reads the variables. An empty one counts as missing.
    ///
    /// - Throws: ``EndpointError`` that names a variable whose value is no URL.
    public init(environment: [String: String] = [:]) throws(EndpointError) {
        var overrides: [AWSService: Endpoint] = [:]
        for service in AWSService.allCases {
            for variable in [service.endpointVariable, "AWS_ENDPOINT_URL"] where overrides[service] == nil {
                guard let url = environment[variable], !url.isEmpty else { continue }
                guard let endpoint = Endpoint(url) else { throw EndpointError(variable: variable) }
                overrides[service] = endpoint
            }
        }
        self.overrides = overrides
    }

    /// Where a service is reached for a Region.
    public func endpoint(of service: AWSService, in region: Region) -> Endpoint {
        overrides[service] ?? Endpoint(service, in: region)
    }
}
