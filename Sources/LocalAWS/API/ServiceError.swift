/// An error response of an AWS service.
struct ServiceError: Error, Hashable {
    /// The HTTP status.
    let status: Int
    /// The error code in the service's model, for example `InvalidInputException`.
    let code: String
    /// The error message.
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static func invalidInput(_ message: String) -> ServiceError {
        ServiceError(400, "InvalidInputException", message)
    }

    static func invalidRequest(_ message: String) -> ServiceError {
        ServiceError(400, "InvalidRequestException", message)
    }
}
