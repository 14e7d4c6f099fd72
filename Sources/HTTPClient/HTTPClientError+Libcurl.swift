import CLibcurl

extension HTTPClientError {
    /// Makes an error from the result of a transfer.
    ///
    /// - Parameters:
    ///   - text: libcurl's error message; may be empty.
    ///   - isUnsent: whether no connection had been established.
    init(_ code: CURLcode, text: String, target: String, isUnsent: Bool) {
        let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        self.init(Code(code), "no response from \(target): \(reason)", isUnsent: isUnsent ? true : nil)
    }

    /// Throws if a function of the easy interface returned an error.
    static func check(_ code: CURLcode, _ kind: Code = .other) throws(HTTPClientError) {
        guard code != CURLE_OK else { return }
        throw HTTPClientError(kind, "libcurl: \(String(cString: curl_easy_strerror(code)))")
    }

    /// Throws if a function of the multi interface returned an error.
    static func check(_ code: CURLMcode) throws(HTTPClientError) {
        guard code != CURLM_OK else { return }
        throw HTTPClientError(.other, "libcurl: \(String(cString: curl_multi_strerror(code)))")
    }
}

extension HTTPClientError.Code {
    /// The kind of failure for libcurl's code.
    init(_ code: CURLcode) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: self = .timedOut
        // A handshake that fails for a reason other than the certificate mostly means that the peer was shutting down.
        case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PROXY: self = .connectFailed
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .nameNotResolved
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
            self = .tlsRejected
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: self = .connectionLost
        case CURLE_URL_MALFORMAT: self = .invalidRequest
        default: self = .other
        }
    }
}
