import JSON
import Testing

@testable import AWSClient

@Suite("Pages of a list")
struct PaginatorSequenceTests {
    private func page(_ findings: String, _ nextToken: String? = nil) -> ScriptedAWS.Reply {
        let token = nextToken.map { #", "nextToken": "\#($0)""# } ?? ""
        return ScriptedAWS.reply(200, #"{"findings": \#(findings)\#(token)}"#)
    }

    @Test("the pages of an audit's findings come one after the other with their tokens, empty ones as well")
    func pages() async throws {
        let aws = ScriptedAWS([page("[1, 2]", "a"), page("[]", "b"), page("[3]", "")])
        var pages: [Page] = []
        for try await page in try client(aws).auditFindings(taskID: "t", checkName: "C", region: region) {
            pages.append(page)
        }
        #expect(pages.map(\.elements) == [[1, 2], [], [3]])
        #expect(pages.map(\.nextToken) == ["a", "b", nil])
        #expect(aws.requests.map { $0.json?["nextToken"] } == [nil, "a", "b"])
        #expect(aws.requests.allSatisfy { $0.json?["checkName"] == "C" })
    }

    @Test("a walk goes on behind the page whose token was kept")
    func startingAt() async throws {
        let aws = ScriptedAWS([page("[2]", "b"), page("[3]")])
        var elements: [JSON] = []
        for try await page in try client(aws).auditFindings(taskID: "t", region: region, startingAt: "a") {
            elements += page.elements
        }
        #expect(elements == [2, 3])
        #expect(aws.requests.map { $0.json?["nextToken"] } == ["a", "b"])
    }

    @Test("a token that repeats ends the walk with an error instead of going round forever")
    func repeatedToken() async throws {
        let aws = ScriptedAWS(["a", "b", "a", "b"].map { page("[1]", $0) })
        var iterator = try client(aws).auditFindings(taskID: "t", region: region).makeAsyncIterator()
        #expect(try await iterator.next()?.elements == [1])
        #expect(try await iterator.next()?.elements == [1])
        let error = try await failure { try await iterator.next() }
        #expect(error.kind == .other)
        #expect(error.description.contains("repeats the token"))
        #expect(try await iterator.next() == nil)
        #expect(aws.requests.count == 3)
    }

    @Test("the token that a walk starts with may not come again, either")
    func repeatedStart() async throws {
        let aws = ScriptedAWS([page("[1]", "a")])
        var iterator = try client(aws).auditFindings(taskID: "t", region: region, startingAt: "a").makeAsyncIterator()
        let error = try await failure { try await iterator.next() }
        #expect(error.description.contains("repeats the token"))
    }

    @Test("every circle of tokens is noticed, after at most three times as many pages as there are tokens")
    func circles() throws {
        for before in 0...40 {
            for length in 1...40 {
                var detector = RepetitionDetector(first: nil)
                let noticed = (0..<1000).first { number in
                    let token = number < before ? number : before + (number - before) % length
                    return detector.isRepetition("\(token)")
                }
                let pages = try #require(noticed, "\(before) tokens before a circle of \(length)") + 1
                #expect(pages > before + length)
                #expect(pages <= 3 * (before + length), "\(before) tokens before a circle of \(length)")
            }
        }
    }

    @Test("different tokens are never taken for a circle")
    func noCircle() {
        var detector = RepetitionDetector(first: "start")
        #expect((0..<100_000).allSatisfy { !detector.isRepetition("\($0)") })
    }

    @Test("a page that fails ends the walk with its error")
    func failedPage() async throws {
        let aws = ScriptedAWS([page("[1]", "a"), ScriptedAWS.fault(400, "InvalidRequestException")])
        var iterator = try client(aws).auditFindings(taskID: "t", region: region).makeAsyncIterator()
        #expect(try await iterator.next()?.elements == [1])
        let error = try await failure { try await iterator.next() }
        #expect(error.kind == .invalid)
        #expect(try await iterator.next() == nil)
    }
}
