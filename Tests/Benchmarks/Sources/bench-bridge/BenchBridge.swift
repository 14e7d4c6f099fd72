import Cryptography
import EventLoop
import Foundation
import HTTPServer

/// The bridge's HTTP server with a short response to each POST: bench-bridge PORT [CERTIFICATE KEY].
@main
struct BenchBridge {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2 || arguments.count == 4, let port = UInt16(arguments[1]),
            let address = SocketAddress(host: "127.0.0.1", port: port)
        else { fatalError("usage: bench-bridge PORT [CERTIFICATE KEY]") }
        var configuration = HTTPServer.Configuration(address: address)
        configuration.serverName = "bench"
        if arguments.count == 4 {
            configuration.tls = try TLSServerContext(
                certificateChainPEM: Array(Data(contentsOf: URL(filePath: arguments[2]))),
                privateKeyPEM: Array(Data(contentsOf: URL(filePath: arguments[3]))))
        }
        var router = Router()
        router.on(.post, "/") { _ in
            ServerResponse(status: .ok, headerFields: [:], body: Array("{\"result\":\"stored\"}".utf8))
        }
        let routes = router
        let server = try await HTTPServer(on: EventLoop(name: "bench"), configuration: configuration) {
            await routes.respond(to: $0)
        }
        // Runs until it is killed.
        try await Task.sleep(for: .seconds(86_400))
        await server.drain(within: .zero)
    }
}
