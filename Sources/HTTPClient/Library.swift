import CLibcurl

/// The process-wide state of libcurl.
enum Library {
    private static let result = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// Initializes libcurl once per process.
    static func initialize() throws(HTTPClientError) { try HTTPClientError.check(result) }
}

extension HTTPClient {
    /// The version of libcurl that the program runs with.
    package static var libcurlVersion: String { String(cString: curl_version_info(CURLVERSION_FIRST).pointee.version) }
}
