import ErrorCodes
import Foundation
import TestSupport
import Testing

@testable import Bridge
@testable import Processing

@Suite("Error codes")
struct ErrorCodeTests {
    @Test("each code has a place, a meaning and a remediation, in sentences")
    func documentation() {
        for code in ErrorCode.allCases {
            let documentation = code.documentation
            #expect(!documentation.places.isEmpty, "\(code)")
            for text in [documentation.meaning, documentation.remediation] {
                #expect(text.hasSuffix(".") && !text.contains("|") && !text.contains("\n"), "\(code): \(text)")
            }
        }
    }

    @Test("a code has an HTTP status if and only if a response can carry it")
    func statuses() {
        let responses: Set<ErrorCode.Place> = [.http, .sns, .eventBridge, .webhook, .readiness, .admin]
        for code in ErrorCode.allCases {
            let isResponse = !responses.isDisjoint(with: code.documentation.places)
            #expect(isResponse == !code.documentation.statuses.isEmpty, "\(code)")
        }
    }

    @Test("the reasons of dead letters and the causes of suspensions are error codes")
    func processing() {
        func codes(_ place: ErrorCode.Place) -> Set<String> {
            Set(ErrorCode.allCases.filter { $0.documentation.places.contains(place) }.map(\.rawValue))
        }
        #expect(codes(.deadLetter) == Set(DeadLetterKind.allCases.map(\.rawValue)))
        #expect(codes(.suspension) == Set(CircuitBreaker.Cause.allCases.map(\.rawValue)))
    }

    @Test("the table of deploy/docs/errors.md has each code, as the program documents it, and no other")
    func table() throws {
        let rows = try Repository.text(of: "deploy/docs/errors.md").split(separator: "\n").filter {
            $0.hasPrefix("| `")
        }
        #expect(rows.map(String.init) == ErrorCode.allCases.map(\.tableRow))
    }

    @Test("openapi.yaml has each code that an HTTP response can carry, and no other")
    func openAPI() throws {
        let schema = try #require(
            try Repository.text(of: "openapi.yaml").components(separatedBy: "\n    Error:\n").last)
        let list = try #require(schema.components(separatedBy: "          enum:\n").dropFirst().first)
        let codes = list.split(separator: "\n").prefix { $0.hasPrefix("            - ") }.map { $0.dropFirst(14) }
        let carried = ErrorCode.allCases.filter { !$0.documentation.statuses.isEmpty }
        #expect(codes.map(String.init) == carried.map(\.rawValue))
    }
}

extension ErrorCode {
    /// The code's row in deploy/docs/errors.md.
    fileprivate var tableRow: String {
        let statuses = documentation.statuses.map(String.init).joined(separator: ", ")
        let places = documentation.places.map(\.rawValue).joined(separator: ", ")
        return "| `\(rawValue)` | \(statuses.isEmpty ? "–" : statuses) | \(places) | \(documentation.meaning) "
            + "| \(documentation.remediation) |"
    }
}
