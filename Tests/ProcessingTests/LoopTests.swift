import AWSClient
import AWSCore
import Encoding
import EventLoop
import Fixtures
import HTTPClient
import HTTPTypes
import Store
import Synchronization
import TestSupport
import Testing

@testable import Processing
@testable import Telemetry

/// Holds the first caller until a second one arrives.
private final class Meeting: Sendable {
    private let state = Mutex((arrivals: 0, first: CheckedContinuation<Void, Never>?.none))

    func attend() async {
        let arrival = state.withLock { state in
            state.arrivals += 1
            return state.arrivals
        }
        guard arrival == 1 else { return state.withLock { $0.first.take() }?.resume() ?? () }
        await withCheckedContinuation { continuation in
            let isAlone = state.withLock { state in
                guard state.arrivals == 1 else { return false }
                state.first = continuation
                return true
            }
            if !isAlone { continuation.resume() }
        }
    }
}

/// The transport of one loop: records the hosts of imports that were sent on it, and those that were not.
private final class LoopTransport: HTTPTransport {
    let loop: EventLoop
    private let aws: ScriptedAWS
    private let meeting: Meeting
    let hosts = Mutex<Set<String>>([])
    let strays = Atomic(0)

    init(_ loop: EventLoop, _ aws: ScriptedAWS, _ meeting: Meeting) {
        self.loop = loop
        self.aws = aws
        self.meeting = meeting
    }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        if request.path == "/findings/import" {
            hosts.withLock { _ = $0.insert(request.authority ?? "") }
            if !loop.isCurrent { strays.add(1, ordering: .relaxed) }
            await meeting.attend()
        }
        return try await aws.send(request, body: body, signing: signing)
    }
}

@Suite("Loops of account-Regions", .timeLimit(.minutes(15))) struct LoopTests {
    @Test("Two account-Regions are processed at the same time on two loops, and the deliveries of each in sequence")
    func twoLoops() async throws {
        try await ProcessingHarness.run { harness in
            try await withEventLoop { other in
                // An import of each must be under way at the same time; otherwise, the first one waits for ever.
                let meeting = Meeting()
                let transports = [harness.loop, other].map { LoopTransport($0, harness.aws, meeting) }
                let clients = transports.map { harness.client.on($0.loop, sendingBy: $0) }
                let regions = try ["us-east-1", "eu-west-1"].map { try accountRegion($0) }
                try await withPool(harness, accounts: AccountClients(clients[0], clients[1])) {
                    for number in 0..<20 {
                        for accountRegion in regions {
                            let alarm = Messages.alarm("v1", at: now + .seconds(number))
                            _ = try await harness.store.append(
                                delivery("\(accountRegion.region)-\(number)", alarm, of: accountRegion))
                        }
                    }
                    await harness.recorder.wait(for: .deliveryCompleted, count: 40)
                }
                #expect(harness.aws.state.withLock { $0.overlaps } == 0)
                let hosts = transports.map { $0.hosts.withLock { $0 } }
                #expect(hosts.map(\.count) == [1, 1] && hosts[0] != hosts[1])
                #expect(transports.allSatisfy { $0.strays.load(ordering: .relaxed) == 0 })
            }
        }
    }
}
