import AWSCore
import Encoding
import JSON
import SecurityFindings

@testable import SourceMapping

/// An item parsed from JSON text.
func item(_ text: String) throws -> JSON { try JSON(parsing: text) }

/// The errors of reading a tree.
func errors(_ tree: JSON, _ read: (TreeReader, inout MappingErrors) -> Void) -> [String] {
    var errors = MappingErrors()
    read(TreeReader(tree, at: .root.member("key")), &errors)
    return errors.errors.map(\.description)
}

/// The context of items of tests: account 111122223333 in eu-central-1, received on 2026-11-22.
let testContext: ItemContext = {
    guard let account = AccountID("111122223333"), let region = Region("eu-central-1") else {
        preconditionFailure("the account or the Region is malformed")
    }
    return ItemContext(
        source: "x", accountRegion: AccountRegion(account: account, region: region),
        receivedAt: Timestamp(milliseconds: 1_795_341_600_000))
}()

extension Template {
    /// The text for an item in the tests' context.
    func expand(_ item: JSON, limit: Int) throws(ItemError) -> String {
        try expand(item, in: testContext, limit: limit)
    }
}

extension TextRule {
    /// The text for an item in the tests' context.
    func expand(_ item: JSON, limit: Int) throws(ItemError) -> String {
        try expand(item, in: testContext, limit: limit)
    }
}

/// The ID of a finding of the source `x`.
func mappedID(parts: [String]) -> String {
    FindingID.mapped(source: "x", parts: parts, accountRegion: testContext.accountRegion)
}
