import HTTPClient
import HTTPTypes
import JSON

/// One request to a service, before it is known where to.
struct Operation {
    let service: AWSService
    /// The name in AWS's API reference.
    let name: String
    let method: HTTPRequest.Method
    /// The path; of unreserved characters and slashes only.
    let path: String
    /// The parameters behind the path.
    var query: [(name: String, value: String)] = []
    var contentType: String?
    var body: [UInt8] = []
    /// What the protocol of EventBridge calls the operation (`X-Amz-Target`); nil for all others.
    var target: String?
    /// Whether it is signed; almost all are.
    var isSigned = true

    func request(to endpoint: Endpoint) -> HTTPRequest {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        // In the order in which they are signed (AWS General Reference, "Create a signed AWS API request").
        let query = query.isEmpty ? "" : "?" + PercentEncoding.query(query)
        if let target, let name = HTTPField.Name("X-Amz-Target") { fields[name] = target }
        return HTTPRequest(
            method: method, scheme: endpoint.scheme, authority: endpoint.authority,
            path: endpoint.pathPrefix + path + query, headerFields: fields)
    }

    // MARK: Errors

    func error(_ kind: AWSError.Kind, _ message: String, stage: AWSError.Stage = .response) -> AWSError {
        AWSError(kind, service: service, operation: name, message: message, stage: stage)
    }

    /// Input that AWS's API reference does not allow.
    func invalidInput(_ message: String) -> AWSError { error(.invalid, message, stage: .input) }

    /// A successful response that is nothing a service of AWS sends.
    func nonJSONResponse() -> AWSError {
        error(.other, "the response is not \(service)'s: it is not JSON", stage: .connection)
    }

    /// A successful response that is not as AWS's API reference says.
    func malformedResponse(_ reason: String) -> AWSError {
        error(.other, "the response is not \(service)'s: \(reason)")
    }

    /// The error for a request that there are no credentials for.
    func error(_ error: CredentialsError) -> AWSError {
        AWSError(
            error.kind, service: service, operation: name, message: error.description, stage: .credentials)
    }

    /// The error for a request without response.
    func error(_ error: HTTPClientError) -> AWSError {
        let kind: AWSError.Kind =
            switch error.code {
            case .canceled: .canceled
            case .invalidRequest: .invalid
            case .invalidSigning: .noCredentials
            default: error.isTransient ? .transient : .other
            }
        let stage: AWSError.Stage =
            switch error.code {
            case .invalidRequest: .input
            case .invalidSigning: .credentials
            case .other: .connection
            default: error.isUnsent ? .connection : .response
            }
        return self.error(kind, error.message, stage: stage)
    }

    /// The error for a response that says no.
    func error(_ response: AWSErrorResponse) -> AWSError {
        AWSError(
            response.kind, service: service, operation: name, status: response.status, code: response.code,
            message: response.message.isEmpty ? "no reason given" : response.message, requestID: response.requestID,
            stage: response.stage)
    }
}

extension Operation {
    /// An operation of the AWS query protocol: a form, sent to the root.
    init(service: AWSService, query name: String, version: String, parameters: [(String, String)]) {
        self.init(
            service: service, name: name, method: .post, path: "/",
            contentType: "application/x-www-form-urlencoded; charset=utf-8",
            body: Array(PercentEncoding.query([("Action", name), ("Version", version)] + parameters).utf8))
    }

    /// An operation of the AWS JSON protocol 1.1: a JSON object, sent to the root, with the operation in a field.
    init(service: AWSService, targeted name: String, prefix: String, members: JSON.Members) {
        self.init(
            service: service, name: name, method: .post, path: "/", contentType: "application/x-amz-json-1.1",
            body: JSON.object(members).serialized(), target: prefix + name)
    }
}
