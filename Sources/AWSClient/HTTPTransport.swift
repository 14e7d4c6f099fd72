public import HTTPClient
public import HTTPTypes

/// What carries the requests: an ``HTTPClient``, or something that stands in for AWS.
public protocol HTTPTransport: Sendable {
    /// Sends a request, signed, and gives its response, of whatever status.
    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
}

extension HTTPClient: HTTPTransport {
    /// Sends a request with the client's own timeout.
    public func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        try await send(request, body: body, signing: signing, timeout: nil)
    }
}
