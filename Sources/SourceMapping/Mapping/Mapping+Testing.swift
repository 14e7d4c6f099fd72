import AWSCore
import Encoding
import JSON
import SecurityFindings

extension Mapping {
    /// The differences between what the item of a test's message becomes and what the test expects, a line for each;
    /// empty if the test passes.
    package func differences(in test: MappingTest) -> [String] {
        guard let context = ItemContext.test else { return [] }
        do throws(MappingFailure) {
            let items = try items(in: test.message)
            guard let item = items.first, items.count == 1 else {
                return ["the message has \(items.count) items; a test has one"]
            }
            return test.expectation.differences(from: try outcome(of: item, in: context))
        } catch {
            guard test.expectation.error != error.key else { return [] }
            return ["expected \(test.expectation.error.map { "an error of \($0)" } ?? "no error"), got \(error)"]
        }
    }
}

extension ItemContext {
    /// The context of tests. Received so late that no time of a message is after receipt.
    fileprivate static let test: ItemContext? = {
        guard let account = AccountID("111122223333"), let region = Region("eu-central-1") else { return nil }
        return ItemContext(
            source: "test", accountRegion: AccountRegion(account: account, region: region),
            receivedAt: Timestamp(milliseconds: 4_102_444_800_000))
    }()
}

extension MappingTest.Expectation {
    fileprivate func differences(from outcome: ItemOutcome) -> [String] {
        if let error { return ["expected an error of \(error), got none"] }
        switch outcome {
        case .ignored: return isIgnored == true ? [] : ["ignored"]
        case .archivesGroup(let group, _):
            return difference("archivesGroup", archivesGroup ?? "none", group)
        case .finding(let finding):
            if isIgnored == true { return ["expected to be ignored, got a finding"] }
            if let archivesGroup { return ["expected to archive group \(archivesGroup), got a finding"] }
            return differences(from: finding.finding)
        }
    }

    private func differences(from finding: SecurityFinding) -> [String] {
        let source = FindingID.mapped(source: "test", parts: [""], accountRegion: finding.accountRegion)
        return difference("id", id, String(finding.id.dropFirst(source.count)))
            + difference("recordState", recordState?.rawValue, finding.recordState.rawValue)
            + difference("severity", severity?.rawValue, finding.severity.label.rawValue)
            + difference("title", title, finding.title)
            + difference("description", description, finding.description)
            + difference(
                "resources", resources?.joined(separator: ", "),
                ([finding.resource] + finding.otherResources).map(\.id).joined(separator: ", "))
    }

    private func difference(_ key: String, _ expected: String?, _ actual: String) -> [String] {
        guard let expected, !expected.utf8.elementsEqual(actual.utf8) else { return [] }
        return ["\(key): expected \(expected), got \(actual)"]
    }
}
