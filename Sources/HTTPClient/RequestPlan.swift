import HTTPTypes

/// A validated request in libcurl's terms.
struct RequestPlan: Sendable {
    /// How libcurl sends the request.
    enum Form {
        /// Without a body, and with none in the response.
        case head
        /// Without a body.
        case withoutBody
        /// With a body, which may be empty.
        case withBody
    }

    let url: String
    let method: String
    let form: Form
    let body: [UInt8]
    /// The fields in libcurl's format.
    let fieldLines: [String]
    /// Whether to ignore the proxies of the environment.
    let bypassesProxies: Bool
    /// Scheme, host and port, for messages.
    let target: String

    /// Validates a request.
    ///
    /// - Throws: ``HTTPClientError`` with `invalidRequest` or `invalidSigning`.
    init(
        _ request: HTTPRequest, body: [UInt8], signing: RequestSigning?, bypassesProxies: Bool
    ) throws(HTTPClientError) {
        guard let scheme = request.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let authority = request.authority, FieldRules.isAuthority(authority)
        else { throw HTTPClientError(.invalidRequest, "the request needs the scheme http or https, and a host") }
        target = "\(scheme)://\(authority)"
        let path = request.path ?? "/"
        guard FieldRules.isPath(path) else { throw Self.invalid("invalid path", target: target) }
        url = target + path
        method = request.method.rawValue
        form = Self.form(request.method, hasBody: !body.isEmpty)
        guard form == .withBody || body.isEmpty else {
            throw Self.invalid("a \(method) request must not have a body", target: target)
        }
        self.body = body
        self.bypassesProxies = bypassesProxies
        fieldLines = try Self.fieldLines(request, path: path, body: body, signing: signing, target: target)
    }

    private static func form(_ method: HTTPRequest.Method, hasBody: Bool) -> Form {
        switch method {
        case .head: .head
        case .get: .withoutBody
        case .post, .put, .patch: .withBody
        default: hasBody ? .withBody : .withoutBody
        }
    }

    private static func fieldLines(
        _ request: HTTPRequest, path: String, body: [UInt8], signing: RequestSigning?, target: String
    ) throws(HTTPClientError) -> [String] {
        var fields = request.headerFields.map { (name: $0.name.rawName, value: $0.value) }
        for field in fields {
            guard !FieldRules.reserved.contains(field.name.lowercased()), FieldRules.isValue(field.value) else {
                throw invalid("the field \(field.name) is reserved or has an invalid value", target: target)
            }
        }
        if let signing {
            if let validationError = SigningRules.validationError(path: path, fields: fields) {
                throw invalid("cannot be signed: \(validationError)", target: target)
            }
            if let validationError = SigningRules.validationError(for: signing) {
                throw HTTPClientError(.invalidSigning, "request to \(target): cannot be signed: \(validationError)")
            }
            fields +=
                RequestSignature(
                    method: request.method.rawValue, path: path, host: host(request), fields: fields, body: body,
                    signing: signing
                ).addedFields
        }
        // libcurl's syntax: a semicolon sends an empty field, a colon without a value removes it. Removes `Expect`,
        // which libcurl adds for long bodies: waiting for 100 Continue only adds latency.
        return fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + ["Expect:"]
    }

    /// The `Host` field as libcurl writes it: without the scheme's default port.
    private static func host(_ request: HTTPRequest) -> String {
        let authority = request.authority ?? ""
        let port = request.scheme?.lowercased() == "https" ? ":443" : ":80"
        return authority.hasSuffix(port) ? String(authority.dropLast(port.count)) : authority
    }

    private static func invalid(_ reason: String, target: String) -> HTTPClientError {
        HTTPClientError(.invalidRequest, "request to \(target): \(reason)")
    }
}
