import Foundation
import Hummingbird
import Logging
import Metrics
import NIOCore

/// A typical implementation of the bridge's intake on Hummingbird 2 and GRDB: verifies the signature, stores the message once,
/// and responds after the commit. Like the bridge, it logs each request and counts.
///
/// bench-intake-hummingbird PORT DATABASE CERTIFICATE TOPIC: path of the signing certificate, and ARN of the accepted topic.
@main
struct BenchIntakeHummingbird {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let port = Int(arguments[1]) else {
            fatalError("usage: bench-intake-hummingbird PORT DATABASE CERTIFICATE TOPIC")
        }
        let queue = try Queue(path: arguments[2])
        let verifier = try Verifier(certificate: arguments[3], topic: arguments[4])
        MetricsSystem.bootstrap(Registry())
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let router = Router()
        router.add(middleware: MetricsMiddleware())
        router.add(middleware: LogRequestsMiddleware(.info))
        router.post("/sns") { request, _ -> Response in
            let body = try await request.body.collect(upTo: 1_048_576)
            let envelope: Envelope
            do {
                envelope = try JSONDecoder().decode(Envelope.self, from: Data(buffer: body))
            } catch {
                throw HTTPError(.badRequest)
            }
            guard verifier.isGenuine(envelope) else { throw HTTPError(.forbidden) }
            let isNew = try await queue.append(id: envelope.messageID, payload: envelope.message)
            return answer(isNew ? "stored" : "duplicate")
        }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port), serverName: "bench"),
            onServerRunning: { channel in
                // The port chosen by the system for PORT 0.
                print(channel.localAddress?.port ?? port)
                fflush(nil)
            }, logger: Logger(label: "bench"))
        try await application.run()
    }

    private static func answer(_ result: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "{\"result\":\"\(result)\"}")))
    }
}
