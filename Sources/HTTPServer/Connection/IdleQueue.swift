/// A queue of idle connections, the longest idle first: a doubly linked list in one array, so that a connection that becomes idle
/// and active with each request needs no allocation.
struct IdleQueue<Connection: AnyObject> {
    /// A place in the queue.
    struct Place {
        fileprivate let index: Int
    }

    private struct Node {
        var connection: Connection?
        var previous: Int?
        /// The next node; of a free node, the next free one.
        var next: Int?
    }

    private var nodes: [Node] = []
    private var free: Int?
    private var first: Int?
    private var last: Int?

    var oldest: Connection? { first.flatMap { nodes[$0].connection } }

    mutating func append(_ connection: Connection) -> Place {
        let node = Node(connection: connection, previous: last, next: nil)
        let index: Int
        if let free {
            index = free
            self.free = nodes[index].next
            nodes[index] = node
        } else {
            index = nodes.count
            nodes.append(node)
        }
        if let last { nodes[last].next = index } else { first = index }
        last = index
        return Place(index: index)
    }

    /// Removes a place, which must be in the queue.
    mutating func remove(_ place: Place) {
        let node = nodes[place.index]
        precondition(node.connection != nil, "a place was removed twice")
        if let previous = node.previous { nodes[previous].next = node.next } else { first = node.next }
        if let next = node.next { nodes[next].previous = node.previous } else { last = node.previous }
        nodes[place.index] = Node(connection: nil, previous: nil, next: free)
        free = place.index
    }
}
