package import JSON

/// The parts of an item that identify its finding, or the group of the finding.
package struct IdentityRule: Sendable {
    /// The maximum number of parts.
    package static let maximumParts = 8

    let paths: [ItemPath]

    /// Reads a list of paths, of which each must have exactly one value.
    package init?(reading tree: TreeReader, errors: inout MappingErrors) {
        guard let paths = tree.itemPaths(limit: Self.maximumParts, errors: &errors) else { return nil }
        self.paths = paths
    }

    /// The parts, none of them empty. A number is its JSON text: the number 1 and the string `1` are the same part, 1
    /// and 1.0 are not.
    ///
    /// - Throws: ``ItemError`` for the first path that has no value or several.
    package func parts(of item: JSON) throws(ItemError) -> [String] {
        var parts: [String] = []
        for path in paths { parts.append(try path.value(in: item)) }
        return parts
    }
}
