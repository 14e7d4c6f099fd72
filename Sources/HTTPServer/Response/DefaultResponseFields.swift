/// The header fields that the server adds to every response.
struct DefaultResponseFields {
    /// The value of `Date`.
    var date: String
    /// The value of `Server`; nil omits it.
    var server: String?
    /// The value of `X-Request-Id`; nil omits it.
    var requestID: String?
}
