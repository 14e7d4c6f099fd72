import EventLoop
import HTTPClient

/// An event loop on which account-Regions are processed, with the HTTP client that sends their requests to AWS. Must be
/// closed.
struct ClientLoop: Sendable {
    let loop: EventLoop
    let http: HTTPClient

    /// The number of loops of a bridge: one for each core, at most 16.
    static let standardCount = min(BridgeConfiguration.cores, 16)

    /// The maximum number of connections to one host that all loops have together, as long as each has the minimum.
    private static let maximumConnectionsPerHost = 16
    /// Enough connections for the concurrent requests of an account-Region at its rate limit.
    private static let minimumConnectionsPerHost = 4

    /// Opens a loop.
    ///
    /// - Parameters:
    ///   - number: the loop's number in the name of its thread, from 1.
    ///   - count: the number of loops that share the connections.
    init(number: Int = 1, of count: Int = 1, _ configuration: HTTPClient.Configuration) async throws(ConfigurationError)
    {
        do throws(EventLoopError) {
            loop = try EventLoop(name: "bridge-aws-\(number)")
        } catch {
            throw ConfigurationError(
                "event loop", "cannot start: \(error). Check the limits of this process (ulimit -a).")
        }
        var configuration = configuration
        configuration.maximumConnectionsPerHost = max(
            Self.maximumConnectionsPerHost / count, Self.minimumConnectionsPerHost)
        do throws(HTTPClientError) {
            http = try await HTTPClient(loop: loop, configuration: configuration)
        } catch {
            await loop.shutdown()
            throw ConfigurationError("network.connectTo", "\(error). Correct the value.")
        }
    }

    /// Closes the connections and the loop.
    func close() async {
        await http.shutdown()
        await loop.shutdown()
    }
}
