/// The header fields that are the server's own, in every answer.
struct DefaultResponseFields {
    /// The time in the form of the `Date` field.
    var date: String
    /// What the `Server` field says; nil leaves it out.
    var server: String?
    /// The request's id, for the `X-Request-Id` field; nil leaves it out.
    var requestID: String?
}
