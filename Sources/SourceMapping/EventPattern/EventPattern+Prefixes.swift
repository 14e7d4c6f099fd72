import JSON

extension EventPattern {
    /// The beginnings that a text at a path must have so that the pattern can match; nil if it may be any text, or absent.
    ///
    /// - Parameter path: the names of the members that lead to the text.
    package func prefixes(at path: [String]) -> Set<String>? {
        var found: Set<String> = []
        for combination in combinations {
            guard let prefixes = combination.prefixes(at: path[...]) else { return nil }
            found.formUnion(prefixes)
        }
        return found
    }
}

extension EventPatternNode {
    fileprivate func prefixes(at path: ArraySlice<String>) -> [String]? {
        guard let name = path.first, let field = fields.first(where: { $0.name == UTF8Text(name) }) else { return nil }
        return switch field.condition {
        case .object(let node): node.prefixes(at: path.dropFirst())
        case .values(let values): path.count == 1 ? values.prefixes : nil
        }
    }
}

extension ValueTests {
    fileprivate var prefixes: [String]? {
        guard !allowsAbsence else { return nil }
        var found: [String] = []
        for test in tests {
            switch test {
            case .text(.equals(let bytes)), .text(.prefix(let bytes)):
                found.append(String(decoding: bytes, as: UTF8.self))
            // These match no text.
            case .null, .bool, .number, .numeric: continue
            default: return nil
            }
        }
        return found
    }
}
