package import HTTPClient
package import HTTPTypes

/// Sends requests to AWS: an ``HTTPClient``, or a stand-in in tests.
package protocol HTTPTransport: Sendable {
    /// Sends a request, signed unless `signing` is nil, and returns its response, of any status.
    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
}

/// Sends requests to the metadata endpoints of the instance or the container.
package protocol MetadataTransport: Sendable {
    /// Sends a request without a body, bypassing proxies, and returns its response, of any status.
    func fetch(_ request: HTTPRequest, timeout: Duration) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
}

extension HTTPClient: HTTPTransport, MetadataTransport {
    /// Sends a request with the client's own timeout.
    package func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        try await send(request, body: body, signing: signing, timeout: nil)
    }

    /// Sends a request, bypassing proxies.
    package func fetch(_ request: HTTPRequest, timeout: Duration) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        try await send(request, timeout: timeout, bypassesProxies: true)
    }
}
