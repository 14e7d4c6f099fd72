import AWSCore
import Encoding
import Fixtures
import JSON
import Store
import TestSupport
import Testing

@testable import Admin

@Suite("Groups of dead letters", .timeLimit(.minutes(15))) struct DeadLetterGroupTests {
    private func letter(_ number: Int, _ reason: String, account: Int = 0, source: String? = nil) throws
        -> DeadLetterSummary
    {
        let account = try #require(AccountID("\(111_100_000_000 + account)"))
        let place = AccountRegion(account: account, region: try accountRegion().region)
        return DeadLetterSummary(
            id: "sns:\(number)", accountRegion: place, source: source, channel: .sns, receivedAt: 0, attempts: 1,
            firstFailedAt: 0, lastFailedAt: Timestamp(milliseconds: Int64(number) * 1000), reason: reason,
            payloadLength: 1)
    }

    @Test("Dead letters with the same normalized reason are one group, the largest group first")
    func grouped() throws {
        var groups = DeadLetterGroups()
        groups.add(try letter(1, "rejected: a finding"))
        groups.add(try letter(2, "denied in account 111100000001 [request 7]", account: 1, source: "plant"))
        groups.add(try letter(3, "denied in account 111100000002 [request 8]", account: 2))
        #expect(groups.omitted == 0)
        let largest = groups.largest
        #expect(largest.map(\.count) == [2, 1])
        let json = try #require(largest.first?.json)
        #expect(json["reason"] == "denied in account (account)" && json["accounts"] == 2)
        #expect(json["oldestAt"] == "1970-01-01T00:00:02Z" && json["newestAt"] == "1970-01-01T00:00:03Z")
        #expect(json["sources"] == ["plant"] && json["example"]?["id"] == "sns:3")
    }

    @Test("The number of groups is bounded, and the others are counted")
    func bounded() throws {
        var groups = DeadLetterGroups()
        for number in 0..<(DeadLetterGroups.limit + 10) { groups.add(try letter(number, "reason \(number)")) }
        #expect(groups.largest.count == DeadLetterGroups.shownLimit)
        #expect(groups.omitted == DeadLetterGroups.limit - DeadLetterGroups.shownLimit + 1)
        // Among equals, the one that failed last comes first.
        #expect(groups.largest.first?.reason.description == "reason \(DeadLetterGroups.limit - 1)")
    }

    // MARK: Actions

    private func request(_ text: String) throws(ActionRequest.InvalidBody) -> ActionRequest {
        try ActionRequest(Array(text.utf8))
    }

    @Test("An action names accounts, Regions, sources and reasons, and matches all of them")
    func matches() throws {
        let body = try request(
            #"{"account": "111100000001", "source": "plant", "reason": "denied in account (account)", "count": 5}"#)
        #expect(body.count == 5)
        #expect(body.matches(try letter(1, "denied in account 111100000001", account: 1, source: "plant")))
        #expect(!body.matches(try letter(1, "denied in account 111100000001", account: 1)))
        #expect(!body.matches(try letter(1, "denied in account 111100000001", account: 2, source: "plant")))
        #expect(!body.matches(try letter(1, "denied", account: 1, source: "plant")))
        #expect(try request("{}").matches(letter(1, "x")))
        // JSON Schema has no other integers than whole numbers.
        #expect(try request(#"{"count": 7.0}"#).count == 7)
        #expect(try !request(#"{"region": "eu-west-1"}"#).matches(letter(1, "x")))
    }

    @Test(
        "A body that cannot be used is rejected with what to send",
        arguments: [
            ("", "JSON object"), ("[]", "JSON object"), (#"{"counts": 1}"#, "Unknown member \"counts\""),
            (#"{"account": "1"}"#, "Invalid account"), (#"{"region": 1}"#, "Invalid region"),
            (#"{"source": "A"}"#, "Invalid source"), (#"{"reason": "\u0000"}"#, "Invalid reason"),
            (#"{"count": 0}"#, "Invalid count"), (#"{"count": 10001}"#, "Invalid count"),
            (#"{"count": "1"}"#, "Invalid count"), (#"{"count": 1.5}"#, "Invalid count"),
        ])
    func invalid(body: String, words: String) {
        do throws(ActionRequest.InvalidBody) {
            _ = try request(body)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(words), "\(error.message)")
        }
    }

    @Test("A pause is for all accounts, one account or one source")
    func scopes() throws {
        #expect(try request("{}").pauseScope == .all)
        #expect(try request(#"{"source": "plant", "region": null}"#).pauseScope == .source("plant"))
        let account = try #require(AccountID("111122223333"))
        #expect(try request(#"{"account": "111122223333", "reason": "why"}"#).pauseScope == .account(account))
        for body in [
            #"{"region": "us-east-1"}"#, #"{"account": "111122223333", "source": "plant"}"#, #"{"count": 1}"#,
        ] {
            #expect(throws: ActionRequest.InvalidBody.self) { try request(body).pauseScope }
        }
    }
}
