import AWSCore
import JSON
import SecurityFindings
import Testing

@testable import SourceMapping

/// An item parsed from JSON text.
func item(_ text: String) throws -> JSON { try JSON(parsing: text) }

/// The errors of reading a tree.
func errors(_ tree: JSON, _ read: (TreeReader, inout MappingErrors) -> Void) -> [String] {
    var errors = MappingErrors()
    read(TreeReader(tree, at: .root.member("key")), &errors)
    return errors.errors.map(\.description)
}

/// The account-Region that items of tests belong to.
func accountRegion() throws -> AccountRegion {
    AccountRegion(account: try #require(AccountID("111122223333")), region: try #require(Region("eu-central-1")))
}

/// The ID of a finding of the source `x`.
func mappedID(parts: [String]) throws -> String {
    FindingID.mapped(source: "x", parts: parts, accountRegion: try accountRegion())
}
