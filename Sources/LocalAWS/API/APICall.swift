import AWSCore
import HTTPServer
import HTTPTypes
import JSON

/// An authenticated API call: its caller, operation and input.
struct APICall {
    let accountRegion: AccountRegion
    let caller: AccessKey
    let operation: LocalAWS.Operation
    let input: Input

    /// The input, by protocol.
    enum Input {
        /// The members of a JSON body, or none (`rest-json`).
        case json(JSON)
        /// A path segment (`rest-json`).
        case path(String)
        /// Parameters of a query or a form (`rest-json` for GET, and `query`).
        case parameters([String: String])
    }
}

/// The response format of a service.
enum APIProtocol {
    /// AWS Security Hub: JSON, errors with `Code` and `Message`.
    case securityHub
    /// AWS IoT, and errors independent of a service: JSON, errors with `message`.
    case iot
    /// Amazon EventBridge, AWS CloudTrail and Amazon CloudWatch: JSON, errors with `__type` and `message`.
    case targeted
    /// AWS STS and Amazon SNS: XML, in a namespace.
    case query(namespace: String)

    static let sts = APIProtocol.query(namespace: "https://sts.amazonaws.com/doc/2011-06-15/")
    static let sns = APIProtocol.query(namespace: "http://sns.amazonaws.com/doc/2010-03-31/")

    /// The protocol of a service, by its name in a signature.
    init?(service: String) {
        switch service {
        case "securityhub": self = .securityHub
        case "iot": self = .iot
        case "sts": self = .sts
        case "sns": self = .sns
        case "events", "cloudtrail", "monitoring": self = .targeted
        default: return nil
        }
    }

    /// The response to a successful operation.
    func response(_ operation: LocalAWS.Operation, _ output: APIOutput) -> ServerResponse {
        let requestID = RandomToken.uuid()
        var response: ServerResponse
        switch (self, output) {
        case (.query(let namespace), .xml(let result)):
            response = Self.xml(
                200,
                XMLElement(
                    "\(operation.rawValue)Response", namespace: namespace,
                    [
                        XMLElement("\(operation.rawValue)Result", result),
                        XMLElement("ResponseMetadata", [XMLElement("RequestId", requestID)]),
                    ]))
        case (_, .json(let json)): response = ServerResponse(status: .ok, json: json)
        case (_, .xml): response = ServerResponse(status: .internalServerError)
        }
        response.headerFields.set("x-amzn-RequestId", requestID)
        return response
    }

    /// The response to a failed operation.
    func response(_ error: ServiceError) -> ServerResponse {
        let requestID = RandomToken.uuid()
        let status = HTTPResponse.Status(code: error.status)
        var response: ServerResponse
        switch self {
        case .securityHub:
            response = ServerResponse(
                status: status, json: ["Code": .string(error.code), "Message": .string(error.message)])
            response.headerFields.set("x-amzn-ErrorType", error.code)
        case .iot:
            response = ServerResponse(status: status, json: ["message": .string(error.message)])
            response.headerFields.set("x-amzn-ErrorType", error.code)
        case .targeted:
            response = ServerResponse(
                status: status, json: ["__type": .string(error.code), "message": .string(error.message)])
        case .query(let namespace):
            let content = [
                XMLElement("Type", error.status < 500 ? "Sender" : "Receiver"), XMLElement("Code", error.code),
                XMLElement("Message", error.message),
            ]
            response = Self.xml(
                error.status,
                XMLElement(
                    "ErrorResponse", namespace: namespace,
                    [XMLElement("Error", content), XMLElement("RequestId", requestID)]))
        }
        response.headerFields.set("x-amzn-RequestId", requestID)
        return response
    }

    /// The error for a rejected signature ("Common Errors" in each service's API Reference).
    func error(for failure: AuthenticationError) -> ServiceError {
        let isQuery = if case .query = self { true } else { false }
        return switch failure {
        case .missing:
            ServiceError(
                403, isQuery ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException",
                "Missing Authentication Token")
        case .incomplete(let reason):
            ServiceError(400, isQuery ? "IncompleteSignature" : "IncompleteSignatureException", reason)
        case .unknownKey:
            ServiceError(
                403, isQuery ? "InvalidClientTokenId" : "UnrecognizedClientException",
                "The security token included in the request is invalid.")
        case .expiredKey:
            ServiceError(
                403, isQuery ? "ExpiredToken" : "ExpiredTokenException",
                "The security token included in the request is expired")
        case .mismatch(let reason):
            ServiceError(403, isQuery ? "SignatureDoesNotMatch" : "InvalidSignatureException", reason)
        }
    }

    private static func xml(_ status: Int, _ element: XMLElement) -> ServerResponse {
        ServerResponse(
            status: HTTPResponse.Status(code: status), headerFields: [.contentType: "text/xml"],
            body: Array(element.text.utf8))
    }
}

/// The output of an operation.
enum APIOutput {
    /// A JSON body.
    case json(JSON)
    /// The children of the result element.
    case xml([XMLElement])
}
