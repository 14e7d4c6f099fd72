import AWSCore
import ErrorCodes
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store

/// What became of something received, and the answer that says so.
struct IntakeResult: Sendable {
    /// The answer to send.
    let response: ServerResponse
    /// A word for the metrics: `stored`, `duplicate`, or the code of a refusal.
    let outcome: String
    /// Why it was refused, for the log; nil if it was not.
    let rejection: String?
    /// What became of the deliveries of one request, where there may be several; empty where ``outcome`` says all.
    private(set) var parts: [Part] = []
    /// The deliveries that are in the queue, new or not.
    private(set) var queued: [Queued] = []

    /// The topic of a new delivery that holds no message of Device Defender's; nil for any other.
    private(set) var unrelatedTopic: ARN?
    /// The claim of a token for which the request was rejected.
    private var claim: String?

    /// Deliveries of one request with one outcome.
    struct Part: Sendable, Hashable {
        let outcome: String
        var count = 1
        var isRejected = false
    }

    /// A delivery that is in the queue.
    struct Queued: Sendable {
        let accountRegion: AccountRegion
        /// Whether it was not known.
        let isNew: Bool
        /// What the log is to say of it, by name.
        var details: [(name: String, value: String)] = []
    }

    /// The outcome of a delivery that is new in the queue.
    static let stored = "stored"

    /// It was taken; `outcome` says how.
    static func accepted(_ outcome: String) -> IntakeResult {
        IntakeResult(
            response: ServerResponse(status: .ok, json: ["result": .string(outcome)]), outcome: outcome, rejection: nil)
    }

    /// It will never be taken as it is.
    static func rejected(_ status: HTTPResponse.Status, code: ErrorCode, message: String) -> IntakeResult {
        IntakeResult(
            response: .rejection(status, code: code, message: message), outcome: code.rawValue, rejection: message)
    }

    /// It may be taken later: the sender tries again.
    static func unavailable(code: ErrorCode, message: String) -> IntakeResult {
        rejected(.serviceUnavailable, code: code, message: message).with(.retryAfter, "10")
    }

    /// Its client has left before any work was done for it.
    static let abandoned = unavailable(
        code: .clientLeft, message: "The client closed the connection before the delivery was read.")

    /// The same with a header field more.
    func with(_ name: HTTPField.Name, _ value: String) -> IntakeResult {
        var response = response
        response.headerFields[name] = value
        return IntakeResult(response: response, outcome: outcome, rejection: rejection)
    }

    /// The same for a request of several deliveries.
    func of(_ parts: [Part]) -> IntakeResult {
        var answer = self
        answer.parts = parts
        return answer
    }

    /// The same with what the log is to say of each delivery that is in the queue.
    func saying(_ details: [[(name: String, value: String)]]) -> IntakeResult {
        var answer = self
        for (index, details) in zip(answer.queued.indices, details) { answer.queued[index].details = details }
        return answer
    }

    /// The same with the claim of a token for which it was rejected, for the log.
    func naming(claim: String) -> IntakeResult {
        var answer = self
        answer.claim = claim
        return answer
    }

    /// The same for a message of a topic that is not Device Defender's.
    func unrelated(to topic: ARN) -> IntakeResult {
        var answer = self
        if stored > 0 { answer.unrelatedTopic = topic }
        return answer
    }

    /// What the log is to say of the request, by name.
    var details: [(name: String, value: String)] {
        (queued.count == 1 ? queued[0].details : []) + [(LogMetadataKey.outcome, outcome)]
            + (claim.map { [(LogMetadataKey.claim, $0)] } ?? [])
    }

    /// How many deliveries are new in the queue.
    var stored: Int { queued.count(where: \.isNew) }

    /// A refusal of an SNS message, with the status that makes SNS do the right thing.
    init(_ rejection: SNSError) {
        switch rejection.kind {
        case .malformed: self = .rejected(.badRequest, code: rejection.code, message: rejection.message)
        case .rejected: self = .rejected(.forbidden, code: rejection.code, message: rejection.message)
        case .unavailable: self = .unavailable(code: rejection.code, message: rejection.message)
        }
    }

    private init(response: ServerResponse, outcome: String, rejection: String?) {
        self.response = response
        self.outcome = outcome
        self.rejection = rejection
    }

    /// The queue has no room.
    static let queueFull = unavailable(
        code: .queueFull,
        message: "The queue has as many deliveries as store.maxPending allows. Send it again later.")

    /// Stores deliveries durably, all or none, and answers only then.
    ///
    /// - Parameter rest: what became of other deliveries of the same request.
    static func appending(
        _ deliveries: [Delivery], to store: any Store, alongside rest: [Part] = []
    ) async -> IntakeResult {
        do throws(StoreError) {
            let outcomes = try await store.append(deliveries)
            var answer = accepted(outcomes.contains(.stored) ? stored : "duplicate")
            answer.queued = zip(deliveries, outcomes).map {
                Queued(accountRegion: $0.accountRegion, isNew: $1 == .stored)
            }
            guard deliveries.count > 1 || !rest.isEmpty else { return answer }
            let duplicates = outcomes.count - answer.stored
            answer.parts =
                [Part(outcome: stored, count: answer.stored), Part(outcome: "duplicate", count: duplicates)]
                .filter { $0.count > 0 } + rest
            return answer
        } catch {
            if error.code == .invalidValue {
                return .rejected(.badRequest, code: .invalidID, message: "The message's id is not acceptable.")
            }
            return .unavailable(
                code: .storeUnavailable,
                message: "The delivery could not be stored. Send it again later. \(error.message)")
        }
    }
}
