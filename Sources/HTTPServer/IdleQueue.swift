/// Idle connections, the one that has been idle longest first: a list in which each has two neighbors, kept in one array
/// so that a connection that comes and goes with each request takes no memory of its own.
struct IdleQueue<Connection: AnyObject> {
    /// A place in the queue.
    struct Place {
        fileprivate let index: Int
    }

    private struct Node {
        var connection: Connection?
        var before: Int?
        /// The one behind; of a node that is free, the next one that is.
        var behind: Int?
    }

    private var nodes: [Node] = []
    private var free: Int?
    private var first: Int?
    private var last: Int?

    var oldest: Connection? { first.flatMap { nodes[$0].connection } }

    mutating func append(_ connection: Connection) -> Place {
        let node = Node(connection: connection, before: last, behind: nil)
        let index: Int
        if let free {
            index = free
            self.free = nodes[index].behind
            nodes[index] = node
        } else {
            index = nodes.count
            nodes.append(node)
        }
        if let last { nodes[last].behind = index } else { first = index }
        last = index
        return Place(index: index)
    }

    /// Takes a place out; it must be in the queue.
    mutating func remove(_ place: Place) {
        let node = nodes[place.index]
        precondition(node.connection != nil, "a place was taken out twice")
        if let before = node.before { nodes[before].behind = node.behind } else { first = node.behind }
        if let behind = node.behind { nodes[behind].before = node.before } else { last = node.before }
        nodes[place.index] = Node(connection: nil, before: nil, behind: free)
        free = place.index
    }
}
