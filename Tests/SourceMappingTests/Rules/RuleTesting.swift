import JSON

@testable import SourceMapping

/// An item parsed from JSON text.
func item(_ text: String) throws -> JSON { try JSON(parsing: text) }

/// The errors of reading a tree.
func errors(_ tree: JSON, _ read: (TreeReader, inout MappingErrors) -> Void) -> [String] {
    var errors = MappingErrors()
    read(TreeReader(tree, at: .root.member("key")), &errors)
    return errors.errors.map(\.description)
}
