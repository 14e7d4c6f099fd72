import Encoding
import ErrorCodes
import Fixtures
import HTTPServer
import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import Intake

@Suite("Intake responder") struct IntakeResponderTests {
    @Test("An accepted request gets 200 and its outcome")
    func accepted() throws {
        expectAccepted(.stored(delivery("1", [:], of: try accountRegion())), .stored)
        expectAccepted(.accepted(AcceptedDeliveries(ignored: 2, notServed: 1)), .ignored)
        for outcome in SubscriptionOutcome.allCases { expectSubscription(.subscription(outcome), outcome) }
    }

    @Test("The status of a rejection follows from its class, and only 401 has a challenge")
    func rejected() throws {
        for (rejection, code, status) in [
            (.malformed, .malformedJSON, 400), (.forbidden, .topicNotAllowed, 403), (.tooLarge, .tooManyEvents, 413),
            (.unauthorized(challenge: "Bearer", claim: "aud"), .unauthorized, 401),
        ] as [(IntakeResult.Rejection, ErrorCode, Int)] {
            let result = IntakeResult.rejected(IntakeError(code: code, message: "why"), rejection)
            try expectRejection(result, status, code.rawValue)
            let response = IntakeResponder.response(to: result)
            #expect(response.headerFields[.wwwAuthenticate] == (status == 401 ? "Bearer" : nil))
            // Only the log names the claim.
            #expect(!String(decoding: response.body, as: UTF8.self).contains("aud"))
        }
    }

    @Test("A deferred request gets 503, and its sender retries")
    func deferred() throws {
        for error in [IntakeError.abandoned, .queueFull, .overloaded] {
            try expectRejection(.deferred(error), 503, error.code.rawValue)
        }
    }
}
