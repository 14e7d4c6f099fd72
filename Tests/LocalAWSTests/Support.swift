import AWSCore
import Cryptography
import Encoding
import EventLoop
import HTTPServer
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import LocalAWS

/// 2026-11-22T10:00:00.123Z.
let testTime: Int64 = 1_795_341_600_123

extension AccountRegion {
    /// An account with its Region.
    static func test(account: String = "111122223333", region: String = "us-east-1") throws -> AccountRegion {
        AccountRegion(account: try #require(AccountID(account)), region: try #require(Region(region)))
    }
}

extension ARN {
    /// A topic of the test account.
    static func topic(_ name: String = "fleet", region: String = "us-east-1") throws -> ARN {
        ARN(service: "sns", accountRegion: try .test(region: region), resource: name)
    }
}

/// Runs a test against a stand-in, and checks that it leaves nothing open on its loop.
func withLocalAWS(
    _ configure: (inout LocalAWS.Configuration) throws -> Void = { _ in },
    _ body: (LocalAWS, EventLoop) async throws -> Void
) async throws {
    try await withEventLoop { loop in
        var configuration = LocalAWS.Configuration()
        configuration.retryDelayScale = 0
        try configure(&configuration)
        let local = try await LocalAWS(loop: loop, configuration: configuration)
        try await withCleanup {
            try await body(local, loop)
        } cleanup: {
            await local.stop()
        }
    }
}

/// An endpoint that messages are delivered to, on the same loop.
final class TestEndpoint: Sendable {
    let url: String
    private let server: HTTPServer
    private let log = Log()

    private final class Log: Sendable {
        let requests = Mutex<[ServerRequest]>([])
    }

    /// The received requests, in order.
    var requests: [ServerRequest] { log.requests.withLock { $0 } }

    /// - Parameter response: returns the status for a request and the number of earlier ones.
    init(on loop: EventLoop, response: @escaping @Sendable (Int, ServerRequest) async -> Int = { _, _ in 200 })
        async throws
    {
        let address = try #require(SocketAddress("127.0.0.1:0"))
        server = try await HTTPServer(on: loop, configuration: HTTPServer.Configuration(address: address)) {
            [log] request in
            let count = log.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return ServerResponse(status: HTTPResponse.Status(code: await response(count, request)))
        }
        url = "http://\(server.address)/sns"
    }

    func stop() async { await server.drain(within: .seconds(1)) }
}
