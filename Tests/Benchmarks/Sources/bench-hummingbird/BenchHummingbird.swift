import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOPosix
import NIOSSL

/// A Hummingbird 2 server with the same response: bench-hummingbird PORT [CERTIFICATE KEY].
@main
struct BenchHummingbird {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 2 || arguments.count == 4, let port = Int(arguments[1]) else {
            fatalError("usage: bench-hummingbird PORT [CERTIFICATE KEY]")
        }
        let router = Router()
        router.post("/") { request, _ -> String in
            // Read the whole body, as the other server does.
            _ = try await request.body.collect(upTo: 1_048_576)
            return "{\"result\":\"stored\"}"
        }
        let server: HTTPServerBuilder
        if arguments.count == 4 {
            server = try .tls(
                tlsConfiguration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMFile(arguments[2]).map { .certificate($0) },
                    privateKey: .privateKey(NIOSSLPrivateKey(file: arguments[3], format: .pem))))
        } else {
            server = .http1()
        }
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let application = Application(
            router: router, server: server,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), serverName: "bench"),
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)), logger: logger)
        try await application.run()
    }
}
