package import AWSCore
package import ErrorCodes
package import HTTPServer
package import HTTPTypes
import JSON
package import SNS
import Store
import Telemetry

/// The outcome of a request that brings deliveries, and the HTTP response that reports it.
package struct IntakeResult: Sendable {
    /// The response to send.
    package let response: ServerResponse
    /// The outcome for metrics and logs: `stored`, `duplicate`, …, or an ``ErrorCode``.
    package let outcome: String
    /// The reason of a rejection, for the log; nil if the request was accepted.
    package let rejection: String?
    /// The outcomes of several deliveries of one request; empty if ``outcome`` applies to all of them.
    package private(set) var parts: [Part] = []
    /// The deliveries that are in the queue, new or not.
    package private(set) var queued: [Queued] = []

    /// The topic of a new delivery whose message is not Device Defender's; otherwise nil.
    package private(set) var unrelatedTopic: ARN?
    /// The claim of the bearer token that caused the rejection.
    package private(set) var claim: String?

    /// The deliveries of one request that share an outcome.
    package struct Part: Sendable, Hashable {
        package let outcome: String
        package var count = 1
        package var isRejected = false
    }

    /// A delivery that is in the queue.
    package struct Queued: Sendable {
        package let accountRegion: AccountRegion
        /// Whether it is not a duplicate.
        package let isNew: Bool
        /// Its log metadata.
        package var details: [(name: String, value: String)] = []
    }

    /// The outcome of a delivery that is new in the queue.
    package static let stored = "stored"

    /// A request that was accepted with 200.
    static func accepted(_ outcome: String) -> IntakeResult {
        IntakeResult(
            response: ServerResponse(status: .ok, json: ["result": .string(outcome)]), outcome: outcome, rejection: nil)
    }

    /// A request that is rejected permanently: the sender must not retry.
    package static func rejected(_ status: HTTPResponse.Status, code: ErrorCode, message: String) -> IntakeResult {
        IntakeResult(
            response: .rejection(status, code: code, message: message), outcome: code.rawValue, rejection: message)
    }

    /// A request that may succeed later: 503, and the sender retries.
    package static func unavailable(code: ErrorCode, message: String) -> IntakeResult {
        rejected(.serviceUnavailable, code: code, message: message).withHeader(.retryAfter, "10")
    }

    /// A request whose client disconnected before it was processed.
    static let abandoned = unavailable(
        code: .clientLeft,
        message: "Client disconnected: the connection was closed before the delivery was read. Retry.")

    /// A copy with another header field in the response.
    func withHeader(_ name: HTTPField.Name, _ value: String) -> IntakeResult {
        var response = response
        response.headerFields[name] = value
        return IntakeResult(response: response, outcome: outcome, rejection: rejection)
    }

    /// A copy with the outcomes of several deliveries.
    func withParts(_ parts: [Part]) -> IntakeResult {
        var result = self
        result.parts = parts
        return result
    }

    /// A copy with log metadata for each delivery in the queue.
    func withLogMetadata(_ details: [[(name: String, value: String)]]) -> IntakeResult {
        var result = self
        for (index, details) in zip(result.queued.indices, details) { result.queued[index].details = details }
        return result
    }

    /// A copy that names the bearer token's claim that caused the rejection, for the log.
    func withClaim(_ claim: String) -> IntakeResult {
        var result = self
        result.claim = claim
        return result
    }

    /// A copy for a message that is not Device Defender's.
    package func unrelated(to topic: ARN) -> IntakeResult {
        var result = self
        if stored > 0 { result.unrelatedTopic = topic }
        return result
    }

    /// The request's log metadata.
    package var details: [(name: String, value: String)] {
        (queued.count == 1 ? queued[0].details : []) + [(LogMetadataKey.outcome.rawValue, outcome)]
            + (claim.map { [(LogMetadataKey.claim.rawValue, $0)] } ?? [])
    }

    /// The number of deliveries that are new in the queue.
    package var stored: Int { queued.count(where: \.isNew) }

    /// The result for an SNS message that was not accepted. The status decides whether SNS retries.
    package init(_ error: SNSError) {
        switch error.kind {
        case .malformed: self = .rejected(.badRequest, code: error.code, message: error.message)
        case .rejected: self = .rejected(.forbidden, code: error.code, message: error.message)
        case .unavailable: self = .unavailable(code: error.code, message: error.message)
        }
    }

    private init(response: ServerResponse, outcome: String, rejection: String?) {
        self.response = response
        self.outcome = outcome
        self.rejection = rejection
    }

    /// The queue is full.
    static let queueFull = unavailable(
        code: .queueFull,
        message: "Queue full: it has reached store.maxPending. Retry later.")

    /// Stores deliveries durably, all or none, before it returns.
    ///
    /// - Parameter rest: the outcomes of other deliveries of the same request.
    static func storing(
        _ deliveries: [Delivery], in store: any DeliveryQueue, alongside rest: [Part] = []
    ) async -> IntakeResult {
        do throws(StoreError) {
            let outcomes = try await store.append(deliveries)
            var result = accepted(outcomes.contains(.stored) ? stored : "duplicate")
            result.queued = zip(deliveries, outcomes).map {
                Queued(accountRegion: $0.accountRegion, isNew: $1 == .stored)
            }
            guard deliveries.count > 1 || !rest.isEmpty else { return result }
            let duplicates = outcomes.count - result.stored
            result.parts =
                [Part(outcome: stored, count: result.stored), Part(outcome: "duplicate", count: duplicates)]
                .filter { $0.count > 0 } + rest
            return result
        } catch {
            if error.code == .invalidValue {
                return .rejected(.badRequest, code: .invalidID, message: "Invalid delivery id: \(error.message)")
            }
            return .unavailable(
                code: .storeUnavailable,
                message: "Storing the delivery failed: \(error.message)")
        }
    }
}
