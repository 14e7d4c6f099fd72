package import JSON

extension JSONPath {
    /// The first values that the path selects, in the order of the document.
    ///
    /// - Parameter limit: the maximum number of nodes, by default ``maximumNodes``. To detect that a path selects more
    ///   nodes than the caller accepts, pass one more than that.
    /// - Returns: an empty array if the path selects nothing. `null` is a value.
    package func nodes(in root: JSON, limit: Int = maximumNodes) -> [JSON] {
        var walk = Walk(segments: segments, limit: limit)
        walk.visit(root, from: 0)
        while let (element, segment) = walk.nextElement() { walk.visit(element, from: segment) }
        return walk.nodes
    }
}

/// A walk through a document, depth first. The arrays that it is inside of are kept in a list, at most one for each
/// segment, instead of on the call stack.
private struct Walk {
    /// An array whose elements are selected one after the other.
    private struct Level {
        let elements: [JSON]
        /// The index of the segment that selects the elements.
        let segment: Int
        /// The index of the next element.
        var next = 0
    }

    private let segments: [JSONPathSegment]
    private let limit: Int
    private var levels: [Level] = []
    /// The nodes found so far.
    private(set) var nodes: [JSON] = []

    init(segments: [JSONPathSegment], limit: Int) {
        self.segments = segments
        self.limit = limit
    }

    /// Follows the path from a value, up to the next segment that selects several elements or to its end.
    mutating func visit(_ value: JSON, from first: Int) {
        guard nodes.count < limit else { return }
        var value = value
        for index in first..<segments.count {
            guard !segments[index].selectsSeveral else {
                if case .array(let elements) = value { levels.append(Level(elements: elements, segment: index)) }
                return
            }
            guard let child = segments[index].child(of: value) else { return }
            value = child
        }
        nodes.append(value)
    }

    /// The next selected element and the index of the segment to follow from it; nil at the end of the walk.
    mutating func nextElement() -> (element: JSON, segment: Int)? {
        while nodes.count < limit, let level = levels.last {
            guard level.next < level.elements.count else {
                levels.removeLast()
                continue
            }
            levels[levels.count - 1].next += 1
            let element = level.elements[level.next]
            if segments[level.segment].selects(element) { return (element, level.segment + 1) }
        }
        return nil
    }
}
