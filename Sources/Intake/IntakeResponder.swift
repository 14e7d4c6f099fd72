package import HTTPServer
package import HTTPTypes
import JSON

/// Maps the result of intake to an HTTP response. The status decides whether the sender retries: SNS retries after 5xx,
/// EventBridge after 401 and 5xx.
package enum IntakeResponder {
    /// The response to a request.
    package static func response(to result: IntakeResult) -> ServerResponse {
        switch result {
        case .accepted, .subscription:
            return ServerResponse(status: status(of: result), json: ["result": .string(result.word)])
        case .rejected(let error, let rejection):
            var response = ServerResponse.rejection(status(of: result), code: error.code, message: error.message)
            // RFC 9110, section 15.5.2: a 401 response must carry WWW-Authenticate.
            if case .unauthorized(let challenge, _) = rejection { response.headerFields[.wwwAuthenticate] = challenge }
            return response
        case .deferred(let error): return .unavailable(code: error.code, message: error.message)
        }
    }

    /// The status of the response.
    package static func status(of result: IntakeResult) -> HTTPResponse.Status {
        switch result {
        case .accepted, .subscription: .ok
        case .rejected(_, .malformed): .badRequest
        case .rejected(_, .unauthorized): .unauthorized
        case .rejected(_, .forbidden): .forbidden
        case .rejected(_, .tooLarge): .contentTooLarge
        case .rejected(_, .unsupportedMediaType): .unsupportedMediaType
        case .deferred: .serviceUnavailable
        }
    }
}
