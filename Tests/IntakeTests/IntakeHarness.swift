import AWSCore
import Cryptography
import Encoding
import ErrorCodes
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import Logging
import SNS
import SQLiteStore
import SourceMapping
import Store
import Synchronization
import TestSupport
import Testing

@testable import Intake

/// Both handlers with a store and a scripted SNS host.
final class IntakeHarness: Sendable {
    let store: SQLiteStore
    let certificate: Mutex<Result<[UInt8], SigningCertificateCache.FetchError>>
    let confirmation = Mutex<Result<Int, UnexpectedError>>(.success(200))
    let confirmed = Mutex<[String]>([])

    init(_ store: SQLiteStore) throws {
        self.store = store
        certificate = Mutex(.success(try SNSEnvelope.certificate()))
    }

    func sns(
        _ body: [UInt8], fields: HTTPFields = [:], policy: SubscriptionManager.Policy = .init(),
        topics: TopicPolicy? = nil, sources: [(source: MappedSource, topics: TopicPolicy)] = [],
        ignored: [EventPattern] = [], room: Int = .max
    ) async throws -> IntakeResult {
        let certificates = SigningCertificateCache(authorities: try TrustStore(authorities: [])) {
            [self] _ throws(SigningCertificateCache.FetchError) in
            try certificate.withLock { $0 }.get()
        }
        func verifier(_ topics: TopicPolicy) -> SNSVerifier {
            SNSVerifier(topics: topics, certificates: certificates, maximumAge: .seconds(3600))
        }
        let intake = SNSHandler(
            verifier: verifier(try topics ?? TopicPolicy(topics: [SNSEnvelope.topic])),
            sources: sources.map { TopicSource(source: $0.source, verifier: verifier($0.topics)) },
            ignored: IgnoredMessages(ignored), store: store,
            subscriptions: SubscriptionManager(
                policy: policy, store: store,
                confirm: { [self] url in
                    confirmed.withLock { $0.append(url) }
                    return try confirmation.withLock { $0 }.get()
                }, clock: { now }, logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }),
            clock: { now })
        return await intake.receive(Self.request("/sns", body, fields)) { $0 <= room }
    }

    func eventBridge(
        _ body: [UInt8], keys: [String] = ["the-key"], configured: [Secret] = [Secret("the-key")],
        room: Int = .max
    ) async throws -> IntakeResult {
        let intake = EventBridgeHandler(
            authenticator: EventBridgeAuthenticator(
                credentials: EventBridgeAuthenticator.Credentials(apiKeys: configured), tokens: nil,
                failures: AuthenticationThrottle()
            ),
            served: try TopicPolicy(topics: [SNSEnvelope.topic]).accountRegions, store: store,
            clock: { now })
        var fields = HTTPFields()
        for key in keys { fields.append(HTTPField(name: try #require(.init("X-API-Key")), value: key)) }
        return await intake.receive(Self.request("/eventbridge", body, fields)) { $0 <= room }
    }

    private static func request(_ path: String, _ body: [UInt8], _ fields: HTTPFields) -> ServerRequest {
        ServerRequest(
            head: HTTPRequest(
                method: .post, scheme: "https", authority: "bridge", path: path, headerFields: fields), body: body)
    }
}

/// Runs a test with a harness whose store is in a new folder.
func withIntake(_ body: (IntakeHarness) async throws -> Void) async throws {
    try await withStore { store in try await body(IntakeHarness(store)) }
}

/// Expects that a request was not accepted: the case and the error's code, and the response's status and content.
func expectRejection(
    _ result: IntakeResult, _ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let error = try #require(result.error, sourceLocation: sourceLocation)
    let isDeferred = if case .deferred = result { true } else { false }
    #expect(error.code.rawValue == code && isDeferred == (status == 503), sourceLocation: sourceLocation)
    let response = IntakeResponder.response(to: result)
    let json = try JSON(parsing: response.body)
    #expect(response.status.code == status, sourceLocation: sourceLocation)
    #expect(json["error"] == .string(code) && result.word == code, sourceLocation: sourceLocation)
    #expect(json["message"]?.string == error.message, sourceLocation: sourceLocation)
    #expect(!error.message.isEmpty && json.object?.count == 2, sourceLocation: sourceLocation)
    let retryAfter = response.headerFields[.retryAfter]
    #expect(retryAfter == (status == 503 ? "10" : nil), sourceLocation: sourceLocation)
}

/// Expects that a request was accepted, with an outcome of its deliveries.
func expectAccepted(
    _ result: IntakeResult, _ outcome: AcceptedDeliveries.Outcome, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result.deliveries?.outcome == outcome, sourceLocation: sourceLocation)
    expectResponse(to: result, outcome.rawValue, sourceLocation: sourceLocation)
}

/// Expects that a subscription message was handled.
func expectSubscription(
    _ result: IntakeResult, _ outcome: SubscriptionOutcome, sourceLocation: SourceLocation = #_sourceLocation
) {
    let found = if case .subscription(let outcome) = result { Optional(outcome) } else { SubscriptionOutcome?.none }
    #expect(found == outcome, sourceLocation: sourceLocation)
    expectResponse(to: result, outcome.rawValue, sourceLocation: sourceLocation)
}

private func expectResponse(to result: IntakeResult, _ word: String, sourceLocation: SourceLocation) {
    let response = IntakeResponder.response(to: result)
    #expect(response.status == .ok, sourceLocation: sourceLocation)
    #expect((try? JSON(parsing: response.body)) == ["result": .string(word)], sourceLocation: sourceLocation)
}

extension IntakeResult {
    /// A request whose deliveries are new in the queue.
    static func stored(_ deliveries: Delivery...) -> IntakeResult {
        .accepted(
            AcceptedDeliveries(queued: deliveries.map { QueuedDelivery($0, senderID: nil, isNew: true) }))
    }

    /// The deliveries of an accepted request.
    var deliveries: AcceptedDeliveries? { if case .accepted(let deliveries) = self { deliveries } else { nil } }

    /// Why a request was not accepted.
    var error: IntakeError? {
        switch self {
        case .accepted, .subscription: nil
        case .rejected(let error, _), .deferred(let error): error
        }
    }
}
