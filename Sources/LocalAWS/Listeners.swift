import Cryptography
import EventLoop
import HTTPClient
import HTTPServer

/// The listeners and the HTTP client of the stand-in.
struct Listeners: Sendable {
    /// The client that delivers messages.
    let client: HTTPClient
    let api: HTTPServer
    let topics: HTTPServer

    /// Opens everything, or closes what is open on failure.
    ///
    /// - Throws: `EventLoopError` if an address cannot be listened on, `HTTPClientError` if the configuration cannot be
    ///   used.
    init(
        on loop: EventLoop, configuration: LocalAWS.Configuration, tls: TLSServerContext, calls: APIEndpoint,
        topics: TopicEndpoint
    ) async throws {
        client = try await HTTPClient(loop: loop, configuration: Self.clientConfiguration(configuration))
        var servers: [HTTPServer] = []
        do {
            var api = HTTPServer.Configuration(address: configuration.apiAddress)
            // Security Hub's limit for one batch is 6 MB.
            api.limits.body = 6 * 1024 * 1024
            servers.append(
                try await HTTPServer(on: loop, configuration: api) { [delay = configuration.responseDelay] in
                    if delay > .zero { try? await Task.sleep(for: delay) }
                    return calls.respond(to: $0)
                })
            let hosts = HTTPServer.Configuration(address: configuration.topicAddress, tls: tls)
            servers.append(try await HTTPServer(on: loop, configuration: hosts) { topics.respond(to: $0) })
        } catch {
            for server in servers { await server.drain(within: .zero) }
            await client.shutdown()
            throw error
        }
        (api, self.topics) = (servers[0], servers[1])
    }

    private static func clientConfiguration(_ configuration: LocalAWS.Configuration) -> HTTPClient.Configuration {
        var client = HTTPClient.Configuration()
        client.userAgent = "Amazon Simple Notification Service Agent"
        client.timeout = configuration.deliveryTimeout
        client.certificateAuthorities = configuration.endpointCertificateAuthorities
        return client
    }

    /// Closes everything.
    func close() async {
        await client.shutdown()
        await api.drain(within: .seconds(1))
        await topics.drain(within: .seconds(1))
    }
}
