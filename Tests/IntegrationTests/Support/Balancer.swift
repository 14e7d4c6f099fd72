import EventLoop
import HTTPServer
import HTTPTypes
import Synchronization
import TestSupport

/// A round-robin load balancer that skips unreachable bridges.
final class Balancer: Sendable {
    private let bridges: Mutex<[BridgeProcess]>
    private let next = Atomic(0)

    init(_ bridges: [BridgeProcess]) { self.bridges = Mutex(bridges) }

    /// Adds a bridge to the rotation.
    func add(_ bridge: BridgeProcess) { bridges.withLock { $0.append(bridge) } }

    /// Removes a bridge from the rotation.
    func remove(_ bridge: BridgeProcess) { bridges.withLock { $0.removeAll { $0 === bridge } } }

    func forward(_ request: ServerRequest) async -> ServerResponse {
        let request = Self.copy(request)
        for _ in 0..<12 {
            let number = next.add(1, ordering: .relaxed).newValue
            let address = bridges.withLock { $0[number % $0.count].listen }
            if let response = try? await Client.exchange(request, with: address) {
                return ServerResponse(status: HTTPResponse.Status(code: response.status))
            }
        }
        return ServerResponse(status: .badGateway)
    }

    private static func copy(_ request: ServerRequest) -> Request {
        guard request.path != "/sns" else { return .sns(request.body) }
        let signed = request.head.headerFields.filter { $0.name.canonicalName.hasPrefix("x-") }
        let fields = Dictionary(signed.map { ($0.name.canonicalName, $0.value) }) { first, _ in first }
        return Request("POST", String(request.path), fields, body: request.body)
    }
}
