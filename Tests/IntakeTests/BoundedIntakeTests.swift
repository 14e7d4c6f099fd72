import Encoding
import EventLoop
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer
@testable import Intake

@Suite struct BoundedIntakeTests {
    private func request(_ size: Int) -> ServerRequest {
        ServerRequest(
            head: HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/sns"),
            body: [UInt8](repeating: 0x20, count: size))
    }

    @Test("A large body is processed on another thread than the event loop's")
    func offLoop() async throws {
        try await withEventLoop { loop in
            for (size, isOnLoop) in [
                (0, true), (IntakeRoutes.maximumOnLoop, true), (IntakeRoutes.maximumOnLoop + 1, false),
            ] {
                let request = request(size)
                let wasOnLoop = await Task(executorPreference: loop) {
                    let wasOnLoop = Mutex<Bool?>(nil)
                    _ = await IntakeRoutes.bounded(request, { _ in true }) { _ in
                        wasOnLoop.withLock { $0 = loop.isCurrent }
                        return .accepted(AcceptedDeliveries())
                    }
                    return wasOnLoop.withLock { $0 }
                }.value
                #expect(wasOnLoop == isOnLoop, "\(size)")
            }
        }
    }

    @Test("A delivery whose client has disconnected is not processed", arguments: [1, 1_000_000])
    func left(size: Int) async throws {
        var request = request(size)
        let presence = ClientPresence()
        presence.leave()
        request.presence = presence
        let result = await IntakeRoutes.bounded(request, { _ in true }) { _ in
            Issue.record("it was read")
            return .accepted(AcceptedDeliveries())
        }
        try expectRejection(result, 503, "client_left")
    }
}
