public import HTTPClient
public import HTTPTypes

/// What carries the requests: an ``HTTPClient``, or something that stands in for AWS.
public protocol HTTPTransport: Sendable {
    /// Sends a request, signed unless `signing` is nil, and gives its response, of whatever status.
    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
}

/// What asks the host of this machine or container.
public protocol MetadataTransport: Sendable {
    /// Sends a request without a body past any proxy, and gives its response, of whatever status.
    func fetch(_ request: HTTPRequest, timeout: Duration) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
}

extension HTTPClient: HTTPTransport, MetadataTransport {
    /// Sends a request with the client's own timeout.
    public func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        try await send(request, body: body, signing: signing, timeout: nil)
    }

    /// Sends a request past any proxy.
    public func fetch(_ request: HTTPRequest, timeout: Duration) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        try await send(request, timeout: timeout, bypassesProxies: true)
    }
}
