import HTTPServer
import HTTPTypes

/// Serves SNS's hosts: signing certificates and the confirmation of subscriptions.
struct TopicEndpoint: Sendable {
    let state: CloudState
    let signer: TopicSigner
    let calls: APIEndpoint

    /// Handles a request.
    func respond(to request: ServerRequest) -> ServerResponse {
        let host = (request.head.authority ?? "").prefix { $0 != ":" }.lowercased()
        if request.head.method == .get, request.query.isEmpty,
            let certificate = signer.certificate(host: host, path: request.path)
        {
            return ServerResponse(
                status: .ok, headerFields: [.contentType: "application/x-pem-file"], body: certificate)
        }
        guard request.path == "/" else { return ServerResponse(status: .notFound) }
        // A signed call is verified like any other; a confirmation needs no signature.
        if request.head.headerFields[.authorization] != nil { return calls.respond(to: request) }
        do throws(ServiceError) {
            return APIProtocol.sns.response(.confirmSubscription, .xml(try confirm(request)))
        } catch {
            return APIProtocol.sns.response(error)
        }
    }

    private func confirm(_ request: ServerRequest) throws(ServiceError) -> [XMLElement] {
        let (_, input) = try APICall.query(request, version: "2010-03-31", operations: [.confirmSubscription])
        guard case .parameters(let parameters) = input else { return [] }
        return try state.withLock { (state) throws(ServiceError) in
            state.calls[.confirmSubscription, default: 0] += 1
            if let fault = state.faults.next(for: .confirmSubscription) { throw fault }
            return try state.topics.confirm(parameters, isSigned: false)
        }
    }
}
