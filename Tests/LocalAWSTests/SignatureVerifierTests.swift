import AWSCore
import HTTPServer
import HTTPTypes
import Testing

@testable import LocalAWS

/// Variants of the signed request of "Create a signed AWS API request" in the AWS documentation, whose signature is
/// known.
@Suite("Signatures")
struct SignatureVerifierTests {
    private static let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    private static let scope = "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request"
    /// 2015-08-30T12:36:00Z.
    private static let time: Int64 = 1_440_938_160_000

    private static func authorization(
        credential: String = scope, fields: String = "content-type;host;x-amz-date", signature: String = signature
    ) -> String {
        "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(fields), Signature=\(signature)"
    }

    /// The difference from the documented request.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var path = "/?Action=ListUsers&Version=2010-05-08"
        var method = HTTPRequest.Method.get
        var host = "iam.amazonaws.com"
        var date: String? = "20150830T123600Z"
        var type = "application/x-www-form-urlencoded; charset=utf-8"
        var more: [String: String] = [:]
        var body: [UInt8] = []
        var authorization = SignatureVerifierTests.authorization()
        var secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        var token: String?
        var skew: Int64 = 0

        init(_ description: String, _ change: (inout Change) -> Void) {
            testDescription = description
            change(&self)
        }
    }

    private static func verify(_ change: Change) throws {
        var fields: HTTPFields = [.contentType: change.type, .authorization: change.authorization]
        for (name, value) in change.more { fields[try #require(HTTPField.Name(name))] = value }
        if let date = change.date { fields[try #require(HTTPField.Name("X-Amz-Date"))] = date }
        let request = ServerRequest(
            head: HTTPRequest(
                method: change.method, scheme: nil, authority: change.host, path: change.path, headerFields: fields),
            body: change.body)
        let key = AccessKey(
            id: "AKIDEXAMPLE", secretAccessKey: change.secret, sessionToken: change.token,
            account: try #require(AccountID("111122223333")), principal: "", expiration: nil)
        let scope = try SignedScope(request.head.headerFields[.authorization])
        try SignatureVerifier(request: request, scope: scope).verify(with: key, now: time + change.skew)
    }

    @Test(
        "the documented request is accepted in every spelling",
        arguments: [
            Change("as it is") { _ in },
            Change("parameters in another order") { $0.path = "/?Version=2010-05-08&Action=ListUsers" },
            Change("parameters encoded without need") { $0.path = "/?Action=%4CistUsers&Version=2010-05-08" },
            Change("spaces twice") { $0.type = "application/x-www-form-urlencoded;   charset=utf-8" },
            Change("a field more") { $0.more = ["User-Agent": "x"] }, Change("five minutes late") { $0.skew = 300_000 },
            Change("five minutes early") { $0.skew = -300_000 },
        ])
    func taken(change: Change) throws {
        try Self.verify(change)
    }

    @Test(
        "any change invalidates the signature",
        arguments: [
            Change("another path") { $0.path = "/x?Action=ListUsers&Version=2010-05-08" },
            Change("another parameter") { $0.path = "/?Action=ListUser&Version=2010-05-08" },
            Change("a parameter more") { $0.path += "&x=" }, Change("another method") { $0.method = .post },
            Change("another host") { $0.host = "iam.amazonaws.com:8080" }, Change("a body") { $0.body = [32] },
            Change("another signed field") { $0.type = "text/plain" }, Change("another secret") { $0.secret = "x" },
            Change("another time") { $0.date = "20150830T123601Z" },
            Change("another day") { $0.date = "20150831T123600Z" },
            Change("too late") { $0.skew = 300_001 }, Change("too early") { $0.skew = -300_001 },
            Change("a field of Amazon's that is not signed") { $0.more = ["X-Amz-Target": "x"] },
            Change("host not signed") { $0.authorization = authorization(fields: "content-type;x-amz-date") },
            Change("another Region") {
                $0.authorization = authorization(credential: scope.replacing("us-east-1", with: "us-east-2"))
            },
            Change("another service") {
                $0.authorization = authorization(credential: scope.replacing("iam", with: "sts"))
            },
            Change("another signature") {
                $0.authorization = authorization(signature: signature.replacing("5d67", with: "5d68"))
            }, Change("no signature") { $0.authorization = authorization(signature: "x") },
        ])
    func mismatch(change: Change) throws {
        let error = #expect(throws: AuthenticationError.self) { try Self.verify(change) }
        guard case .mismatch = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "a malformed signature is reported as incomplete",
        arguments: [
            Change("another algorithm") { $0.authorization = "AWS4-ECDSA-P256-SHA256 x" },
            Change("nothing in it") { $0.authorization = "AWS4-HMAC-SHA256 " },
            Change("no credential") { $0.authorization = "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=x" },
            Change("no signature") { $0.authorization = "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=host" },
            Change("no name") { $0.authorization = "AWS4-HMAC-SHA256 =x,,=" },
            Change("a short scope") { $0.authorization = authorization(credential: "AKIDEXAMPLE/20150830/us-east-1") },
            Change("no Region") {
                $0.authorization = authorization(credential: scope.replacing("us-east-1", with: "../x"))
            },
            Change("no date") { $0.date = nil }, Change("a malformed date") { $0.date = "2015-08-30T12:36:00Z" },
            Change("fields out of order") { $0.authorization = authorization(fields: "host;content-type;x-amz-date") },
        ])
    func incomplete(change: Change) throws {
        let error = #expect(throws: AuthenticationError.self) { try Self.verify(change) }
        guard case .incomplete = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("the date of the credential scope must match the request")
    func scopeDate() throws {
        let error = #expect(throws: AuthenticationError.self) {
            try Self.verify(Change("") { $0.date = "20150831T123600Z" })
        }
        #expect(error == .mismatch("Date in Credential scope does not match."))
    }

    @Test("temporary credentials need their token")
    func token() throws {
        let error = #expect(throws: AuthenticationError.self) {
            try Self.verify(Change("") { $0.token = "token" })
        }
        #expect(error == .unknownKey)
    }

    @Test("a temporary key expires, and an unknown key is rejected")
    func expiration() throws {
        let account = try #require(AccountID("111122223333"))
        var keys = AccessKeys([], partition: .aws)
        let key = keys.issue(account: account, principal: "", expiration: 2000, now: 1000)
        #expect(try keys.key(key.id, now: 1999) == key)
        #expect(throws: AuthenticationError.expiredKey) { try keys.key(key.id, now: 2000) }
        #expect(throws: AuthenticationError.unknownKey) { try keys.key("AKIA", now: 1000) }
        _ = keys.issue(account: account, principal: "", expiration: 200_000_000, now: 100_000_000)
        #expect(throws: AuthenticationError.unknownKey) { try keys.key(key.id, now: 1000) }
    }

    @Test(
        "a role is assumed only with valid parameters",
        arguments: [
            ("RoleArn", "arn:aws:iam::111122223333:user/x", "ValidationError"), ("RoleArn", "", "ValidationError"),
            ("RoleArn", "arn:aws:iam::444455556666:role/x", "AccessDenied"),
            ("RoleArn", "arn:aws:sts::111122223333:role/x", "ValidationError"),
            ("RoleSessionName", "x", "ValidationError"), ("RoleSessionName", "with space", "ValidationError"),
            ("DurationSeconds", "899", "ValidationError"), ("DurationSeconds", "43201", "ValidationError"),
            ("DurationSeconds", "long", "ValidationError"), ("DurationSeconds", "900", nil),
            ("DurationSeconds", "43200", nil),
        ])
    func assumeRole(name: String, value: String, code: String?) throws {
        let credentials = LocalAWS.Configuration().credentials
        var keys = AccessKeys(credentials, partition: .aws)
        var parameters = ["RoleArn": "arn:aws:iam::111122223333:role/path/x", "RoleSessionName": "session"]
        parameters[name] = value
        var error: ServiceError?
        do throws(ServiceError) {
            _ = try TokenService.assumeRole(parameters, keys: &keys, now: testTime)
        } catch let rejection {
            error = rejection
        }
        #expect(error?.code == code)
    }
}
