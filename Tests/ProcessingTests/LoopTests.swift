import AWSClient
import AWSCore
import Dispatch
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

/// Blocks the first thread until a second one arrives, which two tasks of one event loop cannot do.
private final class Meeting: Sendable {
    private let arrivals = Atomic(0)
    private let second = DispatchSemaphore(value: 0)
    private let isMissed = Atomic(false)

    var hasTakenPlace: Bool { arrivals.load(ordering: .acquiring) >= 2 && !isMissed.load(ordering: .acquiring) }

    func attend() {
        switch arrivals.add(1, ordering: .acquiringAndReleasing).newValue {
        case 1: if second.wait(timeout: .now() + 10) == .timedOut { isMissed.store(true, ordering: .releasing) }
        case 2: second.signal()
        default: break
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
            meeting.attend()
        }
        return try await aws.send(request, body: body, signing: signing)
    }
}

@Suite("Loops of account-Regions") struct LoopTests {
    @Test("Two account-Regions are processed at the same time on two loops, and the deliveries of each in sequence")
    func twoLoops() async throws {
        try await ProcessingHarness.run { harness in
            try await withEventLoop { other in
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
                #expect(meeting.hasTakenPlace)
                #expect(harness.aws.state.withLock { $0.overlaps } == 0)
                let hosts = transports.map { $0.hosts.withLock { $0 } }
                #expect(hosts.map(\.count) == [1, 1] && hosts[0] != hosts[1])
                #expect(transports.allSatisfy { $0.strays.load(ordering: .relaxed) == 0 })
            }
        }
    }
}
