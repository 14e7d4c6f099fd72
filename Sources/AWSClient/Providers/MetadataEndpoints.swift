import HTTPTypes

/// The container credentials endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider").
struct ContainerEndpoint: Sendable, Hashable {
    let endpoint: Endpoint
    /// Path and query.
    let path: String
    /// The `Authorization` field; nil for none.
    let token: Token?

    enum Token: Sendable, Hashable {
        case text(String)
        /// A file, read for each request because EKS renews the token.
        case file(String)
    }

    /// Hosts allowed without TLS in addition to loopback addresses: those of ECS and EKS.
    private static let allowedHosts: Set<String> = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost"]

    /// Reads the environment variables; nil if they name no endpoint.
    init?(environment: [String: String]) throws(CredentialsError) {
        func value(_ name: String) -> String? { KeyText.trimmed(environment[name]) }
        let relative = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        guard let url = relative.map({ "http://169.254.170.2\($0)" }) ?? value("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        else { return nil }
        let name = relative == nil ? "AWS_CONTAINER_CREDENTIALS_FULL_URI" : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
        guard let scheme = url.firstRange(of: "://") else { throw Self.unusable(name, "not a URL") }
        let rest = url[scheme.upperBound...]
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let endpoint = Endpoint(String(url[..<slash])) else { throw Self.unusable(name, "not a URL") }
        guard endpoint.scheme == "https" || Self.isAllowed(endpoint.host) else {
            throw Self.unusable(
                name, "host \(endpoint.host) needs HTTPS; only loopback, ECS and EKS addresses are allowed over HTTP")
        }
        self.endpoint = endpoint
        path = rest[slash...].hasPrefix("/") ? String(rest[slash...]) : "/\(rest[slash...])"
        if let file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            token = .file(file)
        } else {
            token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { .text($0) }
        }
    }

    private static func unusable(_ name: String, _ reason: String) -> CredentialsError {
        CredentialsError("\(name): \(reason). Correct or unset it.")
    }

    private static func isAllowed(_ host: String) -> Bool {
        if allowedHosts.contains(host) || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The request for credentials.
    func request(token: String?) -> HTTPRequest {
        var fields: HTTPFields = [.accept: "application/json"]
        fields[.authorization] = token
        return HTTPRequest(
            method: .get, scheme: endpoint.scheme, authority: endpoint.authority, path: path, headerFields: fields)
    }
}

/// The instance metadata service, version 2 only, with the credentials of the instance's role (Amazon EC2 User Guide,
/// "Use the Instance Metadata Service to access instance metadata").
struct InstanceEndpoint: Sendable, Hashable {
    let endpoint: Endpoint
    /// The timeout of one request.
    let timeout: Duration
    /// The maximum number of attempts.
    let attempts: Int

    /// Reads the settings; nil if the service is disabled.
    ///
    /// - Parameter profile: the settings of the profile in the configuration file.
    init?(environment: [String: String], profile: ProfileFile.Section) throws(CredentialsError) {
        func value(_ variable: String, _ key: String) -> String? {
            KeyText.trimmed(environment[variable]) ?? profile[key]
        }
        guard KeyText.trimmed(environment["AWS_EC2_METADATA_DISABLED"])?.lowercased() != "true" else { return nil }
        let mode = value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")
        let own = mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
        let given = value("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
        guard let endpoint = Endpoint(given ?? own) else {
            throw CredentialsError(
                "AWS_EC2_METADATA_SERVICE_ENDPOINT: not a URL of the form http://host:port. Correct or unset it.")
        }
        self.endpoint = endpoint
        let seconds = value("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout").flatMap { Int($0) } ?? 1
        timeout = .seconds(min(max(seconds, 1), 60))
        let number =
            value("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts").flatMap { Int($0) } ?? 1
        attempts = min(max(number, 1), 10)
    }

    /// A request for a metadata path.
    ///
    /// - Parameter token: from ``tokenRequest``.
    func request(path: String, token: String) -> HTTPRequest {
        request(.get, path: path, field: "X-aws-ec2-metadata-token", value: token)
    }

    /// The request for a session token, valid for six hours.
    var tokenRequest: HTTPRequest {
        request(.put, path: "/latest/api/token", field: "X-aws-ec2-metadata-token-ttl-seconds", value: "21600")
    }

    private func request(_ method: HTTPRequest.Method, path: String, field: String, value: String) -> HTTPRequest {
        var fields = HTTPFields()
        if let name = HTTPField.Name(field) { fields[name] = value }
        return HTTPRequest(
            method: method, scheme: endpoint.scheme, authority: endpoint.authority, path: endpoint.pathPrefix + path,
            headerFields: fields)
    }
}
