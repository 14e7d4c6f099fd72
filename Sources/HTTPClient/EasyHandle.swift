import CLibcurl
import HTTPTypes

/// Owns the handle of one libcurl transfer and the memory that libcurl points to.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutableBufferPointer<CChar>
    private let fields: FieldList
    private let connectTo: FieldList

    /// Makes a handle for a request; sends nothing.
    init(
        _ plan: borrowing RequestPlan, configuration: HTTPClient.Configuration, connectTo: FieldList
    ) throws(HTTPClientError) {
        guard let pointer = curl_easy_init() else { throw HTTPClientError(.other, "out of memory") }
        self.pointer = pointer
        self.connectTo = connectTo
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0)
        do {
            fields = try FieldList(plan.fieldLines)
        } catch {
            curl_easy_cleanup(pointer)
            errorBuffer.deallocate()
            throw error
        }
        try HTTPClientError.check(CLibcurl_easy_set_error_buffer(pointer, errorBuffer.baseAddress))
        try setRules(configuration)
        try setRequest(plan)
    }

    deinit {
        curl_easy_cleanup(pointer)
        errorBuffer.deallocate()
    }

    // MARK: Setting up

    private func setRules(_ configuration: HTTPClient.Configuration) throws(HTTPClientError) {
        try set(CURLOPT_NOSIGNAL, 1)
        // Removing a transfer does not wait for its name lookup, whose thread then cleans up after itself.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // Negotiated by ALPN: over TLS only, if the peer offers it; requests then share a connection.
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Names are resolved for new connections only; a limited connection age makes DNS changes take effect.
        try set(CURLOPT_MAXLIFETIME_CONN, configuration.maximumConnectionLifetime)
        try set(CURLOPT_DNS_CACHE_TIMEOUT, configuration.maximumAddressAge)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        try HTTPClientError.check(CLibcurl_easy_setopt_list(pointer, CURLOPT_CONNECT_TO, connectTo.pointer))
        if let authorities = configuration.certificateAuthorities {
            try set(CURLOPT_CAINFO, authorities)
            try set(CURLOPT_CAPATH, nil)
        }
    }

    private func setRequest(_ plan: borrowing RequestPlan) throws(HTTPClientError) {
        try set(CURLOPT_URL, plan.url)
        if plan.bypassesProxies { try set(CURLOPT_NOPROXY, "*") }
        try HTTPClientError.check(CLibcurl_easy_setopt_list(pointer, CURLOPT_HTTPHEADER, fields.pointer))
        switch plan.form {
        case .head: try set(CURLOPT_NOBODY, 1)
        case .withoutBody: try set(CURLOPT_HTTPGET, 1)
        case .withBody:
            try set(CURLOPT_POST, 1)
            let code = plan.body.withUnsafeBytes { bytes in
                // With a null pointer libcurl would read the body from a callback.
                bytes.isEmpty
                    ? CLibcurl_easy_set_copied_body(pointer, "", 0)
                    : CLibcurl_easy_set_copied_body(pointer, bytes.baseAddress, curl_off_t(bytes.count))
            }
            try HTTPClientError.check(code)
        }
        if plan.form != .head { try set(CURLOPT_CUSTOMREQUEST, plan.method) }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try HTTPClientError.check(CLibcurl_easy_setopt_long(pointer, option, value))
    }

    private func set(_ option: CURLoption, _ value: String?) throws(HTTPClientError) {
        try HTTPClientError.check(CLibcurl_easy_setopt_string(pointer, option, value), .invalidRequest)
    }

    // MARK: Results

    /// libcurl's error message, without control characters that a peer may have sent; empty if there is none.
    var errorText: String {
        let bytes = errorBuffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter { $0 >= 0x20 && $0 != 0x7F }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The head of the response; nil if there is none.
    var responseHead: HTTPResponse? {
        let status = CLibcurl_easy_get_response_code(pointer)
        guard (100...999).contains(status) else { return nil }
        var fields = HTTPFields()
        var last: UnsafeMutablePointer<curl_header>?
        while let header = curl_easy_nextheader(pointer, CUnsignedInt(CURLH_HEADER), -1, last) {
            last = header
            if let name = HTTPField.Name(String(cString: header.pointee.name)) {
                fields.append(HTTPField(name: name, value: String(cString: header.pointee.value)))
            }
        }
        return HTTPResponse(status: .init(code: status), headerFields: fields)
    }
}
