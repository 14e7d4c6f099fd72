import Encoding
import HTTPClient
import HTTPTypes
import JSON

/// One request to a service, without its endpoint.
struct Operation {
    let service: AWSService
    /// The name in AWS's API reference.
    let name: String
    let method: HTTPRequest.Method
    /// The path, of unreserved characters and slashes only.
    let path: String
    /// The query parameters.
    var query: [(name: String, value: String)] = []
    var contentType: String?
    var body: [UInt8] = []
    /// The `X-Amz-Target` field of the AWS JSON protocol; nil for other protocols.
    var target: String?
    /// Whether the request is signed.
    var isSigned = true

    func request(to endpoint: Endpoint) -> HTTPRequest {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        // Sorted as for the signature (AWS General Reference, "Create a signed AWS API request").
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

    /// The error for input that AWS's API reference does not allow.
    func invalidInput(_ message: String) -> AWSError { error(.invalid, message, stage: .input) }

    /// The error for a successful response that is not JSON, so not from an AWS service.
    func nonJSONResponse() -> AWSError {
        error(
            .other, "the response is not from \(service): it is not JSON. Check the proxy and AWS_ENDPOINT_URL.",
            stage: .connection)
    }

    /// The error for a successful response that does not match AWS's API reference.
    func malformedResponse(_ reason: String) -> AWSError {
        error(.other, "unexpected response: \(reason)")
    }

    /// The error for a request without credentials.
    func error(_ error: CredentialsError) -> AWSError {
        AWSError(
            error.kind, service: service, operation: name, message: error.description, stage: .credentials)
    }

    /// The error for a request without a response.
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

    /// The error for a response with an error status.
    func error(_ response: AWSErrorResponse) -> AWSError {
        AWSError(
            response.kind, service: service, operation: name, status: response.status, code: response.code,
            message: response.message.isEmpty ? "no reason given" : response.message, requestID: response.requestID,
            stage: response.stage)
    }
}

extension Operation {
    /// An operation of the AWS query protocol: a form, posted to `/`.
    init(service: AWSService, query name: String, version: String, parameters: [(String, String)]) {
        self.init(
            service: service, name: name, method: .post, path: "/",
            contentType: "application/x-www-form-urlencoded; charset=utf-8",
            body: Array(PercentEncoding.query([("Action", name), ("Version", version)] + parameters).utf8))
    }

    /// An operation of the AWS JSON protocol: a JSON object, posted to `/`, with the operation in `X-Amz-Target`.
    init(service: AWSService, targeted name: String, prefix: String, version: String = "1.1", members: JSON.Members) {
        self.init(
            service: service, name: name, method: .post, path: "/", contentType: "application/x-amz-json-\(version)",
            body: JSON.object(members).serialized(), target: prefix + name)
    }
}
