import AWSCore
import Encoding
import JSON
import TestSupport
import Testing

@testable import SecurityFindings

@Suite struct ProductNamesTests {
    private static let names = ProductNames(product: "Defender Bridge", company: "Example AG")

    private static func finding() throws -> SecurityFinding {
        let arn = try #require(ARN("arn:aws:iot:us-east-1:111122223333:x"))
        return SecurityFinding(
            FindingDraft(
                id: "i", accountRegion: arn.accountRegion, generatorID: "g", types: [], severity: .low,
                originalSeverity: "low", title: "t", description: "d", sourceURL: nil, remediation: nil,
                resource: FindingDraft.Resource(type: "Other", id: "r", details: []), productFields: [],
                createdAt: 1, updatedAt: 1, firstObservedAt: 1, lastObservedAt: 1, recordState: .active))
    }

    @Test("Names are written with the finding, and read again")
    func written() throws {
        let named = Self.names.naming(try Self.finding())
        let json = try JSON(parsing: named.serialized())
        #expect(json["ProductName"] == "Defender Bridge" && json["CompanyName"] == "Example AG")
        #expect(SecurityFinding(json) == named)
        let members = try #require(json.object)
        #expect(members.map(\.key).sorted().map(\.string).contains("ProductName"))
        let plain = try JSON(parsing: try Self.finding().serialized())
        #expect(plain["ProductName"] == nil && plain["CompanyName"] == nil)
    }

    @Test("The names that Security Hub fills in are none")
    func defaults() throws {
        let filled = ProductNames(product: "Default", company: "Personal").naming(try Self.finding())
        #expect(SecurityFinding(try JSON(parsing: filled.serialized())) == (try Self.finding()))
    }

    @Test("Severities are ordered") func severities() {
        let labels: [SecurityFinding.Severity.Label] = [.critical, .low, .informational, .high, .medium]
        #expect(labels.sorted() == [.informational, .low, .medium, .high, .critical])
    }
}
