import AWSCore
import HTTPServer
import HTTPTypes
import JSON
import SNS
import Store

/// What became of something received, and the answer that says so.
struct IntakeAnswer: Sendable {
    /// The answer to send.
    let response: ServerResponse
    /// A word for the metrics: `stored`, `duplicate`, or the code of a refusal.
    let outcome: String
    /// Why it was refused, for the log; nil if it was not.
    let refusal: String?
    /// The account and Region of a delivery that is in the queue; nil if it is none.
    var origin: Origin?
    /// What the log is to say of it, by name.
    var details: [(name: String, value: String)] = []

    /// The outcome of a delivery that is new in the queue.
    static let stored = "stored"
    /// The code of a refusal because the store cannot be used.
    static let storeUnavailable = "store_unavailable"

    /// It was taken; `outcome` says how.
    static func accepted(_ outcome: String) -> IntakeAnswer {
        IntakeAnswer(
            response: ServerResponse(status: .ok, json: ["result": .string(outcome)]), outcome: outcome, refusal: nil)
    }

    private static let acceptedAsStored = accepted(stored)
    private static let acceptedAsDuplicate = accepted("duplicate")

    /// It will never be taken as it is.
    static func refused(_ status: HTTPResponse.Status, code: String, message: String) -> IntakeAnswer {
        IntakeAnswer(response: .refusal(status, code: code, message: message), outcome: code, refusal: message)
    }

    /// It may be taken later: the sender tries again.
    static func unavailable(code: String, message: String) -> IntakeAnswer {
        refused(.serviceUnavailable, code: code, message: message).with(.retryAfter, "10")
    }

    /// Its client has left before any work was done for it.
    static let abandoned = unavailable(
        code: "client_left", message: "The client closed the connection before the delivery was read.")

    /// The same with a header field more.
    func with(_ name: HTTPField.Name, _ value: String) -> IntakeAnswer {
        var response = response
        response.headerFields[name] = value
        return IntakeAnswer(response: response, outcome: outcome, refusal: refusal)
    }

    private func of(_ origin: Origin) -> IntakeAnswer {
        var answer = self
        answer.origin = origin
        return answer
    }

    /// The same with more for the log.
    func saying(_ details: [(name: String, value: String)]) -> IntakeAnswer {
        var answer = self
        answer.details = details
        return answer
    }

    /// A refusal of an SNS message, with the status that makes SNS do the right thing.
    init(_ refusal: SNSRefusal) {
        switch refusal.kind {
        case .malformed: self = .refused(.badRequest, code: refusal.code, message: refusal.message)
        case .refused: self = .refused(.forbidden, code: refusal.code, message: refusal.message)
        case .unavailable: self = .unavailable(code: refusal.code, message: refusal.message)
        }
    }

    private init(response: ServerResponse, outcome: String, refusal: String?) {
        self.response = response
        self.outcome = outcome
        self.refusal = refusal
    }

    /// Stores a delivery durably, and answers only then.
    static func appending(_ delivery: Delivery, to store: any Store) async -> IntakeAnswer {
        do throws(StoreError) {
            switch try await store.append(delivery) {
            case .stored: return acceptedAsStored.of(delivery.origin)
            case .duplicate: return acceptedAsDuplicate.of(delivery.origin)
            }
        } catch {
            if error.code == .invalidValue {
                return .refused(.badRequest, code: "invalid_id", message: "The message's id is not acceptable.")
            }
            return .unavailable(
                code: storeUnavailable,
                message: "The delivery could not be stored. Send it again later. \(error.message)")
        }
    }
}
