import CLibcurl

/// libcurl as a whole.
enum Library {
    private static let result = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// Sets libcurl up, once in a process.
    static func initialize() throws(HTTPClientError) { try HTTPClientError.check(result) }
}
