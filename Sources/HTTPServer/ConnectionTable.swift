import EventLoop

/// The connections of one loop: how many there are, from where, and in which order they became idle. It closes nothing
/// itself. Every step takes the same time, however many connections there are.
struct ConnectionTable<Connection: AnyObject> {
    /// Whether there is room for a new connection.
    enum Capacity {
        case free
        /// When this idle one has been closed.
        case after(Connection)
        case none
    }

    /// What the table knows of a connection.
    private final class Entry {
        let connection: Connection
        var client: Client?
        /// Places in the queue of all idle connections and in that of the client's.
        var inAll: IdleQueue<Connection>.Place?
        var inClient: IdleQueue<Connection>.Place?

        init(_ connection: Connection) { self.connection = connection }
    }

    private final class Client {
        let address: IPAddress
        var count = 0
        var idle = IdleQueue<Connection>()

        init(_ address: IPAddress) { self.address = address }
    }

    private let limits: ConnectionLimits
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var clients: [IPAddress: Client] = [:]
    private var idle = IdleQueue<Connection>()

    init(limits: ConnectionLimits) { self.limits = limits }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var all: [Connection] { entries.values.map(\.connection) }

    // MARK: Room

    /// - Parameter address: whom the connection counts for; nil if for nobody.
    func room(for address: IPAddress?) -> Capacity {
        let ofClient = roomOfClient(address)
        guard case .free = ofClient, entries.count >= limits.total else { return ofClient }
        return idle.oldest.map(Capacity.after) ?? .none
    }

    /// Whether there is room for one more of the address's own connections.
    func roomOfClient(_ address: IPAddress?) -> Capacity {
        guard let client = address.flatMap({ clients[$0.client] }), client.count >= limits.perAddress else {
            return .free
        }
        return client.idle.oldest.map(Capacity.after) ?? .none
    }

    // MARK: Connections

    mutating func insert(_ connection: Connection, from address: IPAddress?) {
        entries[ObjectIdentifier(connection)] = Entry(connection)
        setAddress(address, of: connection)
    }

    /// Says whom a connection counts for, which may be known only after its first bytes.
    mutating func setAddress(_ address: IPAddress?, of connection: Connection) {
        guard let entry = entries[ObjectIdentifier(connection)] else { return }
        let isIdle = entry.inAll != nil
        setIdle(false, connection)
        leaveClient(entry)
        if let key = address?.client {
            let client = clients[key] ?? Client(key)
            clients[key] = client
            client.count += 1
            entry.client = client
        }
        setIdle(isIdle, connection)
    }

    /// Says whether a connection does nothing but wait for a request. Saying it again changes nothing.
    mutating func setIdle(_ isIdle: Bool, _ connection: Connection) {
        guard let entry = entries[ObjectIdentifier(connection)], isIdle != (entry.inAll != nil) else { return }
        if isIdle {
            entry.inAll = idle.append(connection)
            entry.inClient = entry.client?.idle.append(connection)
        } else {
            if let place = entry.inAll { idle.remove(place) }
            if let place = entry.inClient { entry.client?.idle.remove(place) }
            (entry.inAll, entry.inClient) = (nil, nil)
        }
    }

    mutating func remove(_ connection: Connection) {
        setIdle(false, connection)
        guard let entry = entries.removeValue(forKey: ObjectIdentifier(connection)) else { return }
        leaveClient(entry)
    }

    private mutating func leaveClient(_ entry: Entry) {
        guard let client = entry.client else { return }
        entry.client = nil
        client.count -= 1
        if client.count == 0 { clients[client.address] = nil }
    }
}
