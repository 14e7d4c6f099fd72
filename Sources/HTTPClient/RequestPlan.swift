import HTTPTypes

/// A request in libcurl's terms, checked.
struct RequestPlan: Sendable {
    /// How libcurl is told to send the request.
    enum Form {
        /// Without a body, and the response has none either.
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
    /// The fields, as libcurl wants them.
    let fieldLines: [String]
    let signing: RequestSigning?
    /// Whether no proxy is used, whatever the environment says.
    let isPastProxies: Bool
    /// Scheme, host and port, for messages.
    let target: String

    /// Checks a request.
    ///
    /// - Throws: ``HTTPClientError`` with `invalidRequest`.
    init(
        _ request: HTTPRequest, body: [UInt8], signing: RequestSigning?, isPastProxies: Bool
    ) throws(HTTPClientError) {
        guard let scheme = request.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let authority = request.authority, FieldRules.isAuthority(authority)
        else { throw HTTPClientError(.invalidRequest, "a request needs the scheme http or https, and a host") }
        target = "\(scheme)://\(authority)"
        let path = request.path ?? "/"
        guard FieldRules.isPath(path) else { throw Self.invalid("its path is not one", target: target) }
        url = target + path
        method = request.method.rawValue
        form = Self.form(request.method, hasBody: !body.isEmpty)
        guard form == .withBody || body.isEmpty else { throw Self.invalid("a \(method) has no body", target: target) }
        self.body = body
        self.signing = signing
        self.isPastProxies = isPastProxies
        fieldLines = try Self.fieldLines(request, path: path, signing: signing, target: target)
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
        _ request: HTTPRequest, path: String, signing: RequestSigning?, target: String
    ) throws(HTTPClientError) -> [String] {
        var fields = request.headerFields.map { (name: $0.name.rawName, value: $0.value) }
        for field in fields {
            guard !FieldRules.reserved.contains(field.name.lowercased()), FieldRules.isValue(field.value) else {
                throw invalid("the field \(field.name) cannot be sent", target: target)
            }
        }
        if let signing {
            if let objection = SigningRules.objection(path: path, fields: fields, signing: signing) {
                throw invalid("cannot be signed: \(objection)", target: target)
            }
            // libcurl signs for this time instead of its own, and says so.
            if let date = signing.date { fields.append(("X-Amz-Date", date)) }
            if let token = signing.sessionToken { fields.append(("X-Amz-Security-Token", token)) }
        }
        // A field without a value is written with a semicolon; with a colon it would mean to leave the field out.
        let lines = fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        // Leaves out the `Expect` of long bodies. A signed request has to keep it: libcurl 7.88 signs fields left out.
        return signing == nil ? lines + ["Expect:"] : lines
    }

    private static func invalid(_ reason: String, target: String) -> HTTPClientError {
        HTTPClientError(.invalidRequest, "request to \(target): \(reason)")
    }
}
