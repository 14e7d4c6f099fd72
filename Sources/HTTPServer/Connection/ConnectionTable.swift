import EventLoop

/// The connections of one loop: their number per address, and the order in which they became idle.
///
/// The table closes no connection itself. Every operation takes constant time.
struct ConnectionTable<Connection: AnyObject> {
    /// The capacity for a new connection.
    enum Capacity {
        case available
        /// A connection is allowed after this idle one is evicted.
        case afterEvicting(Connection)
        case exhausted
    }

    /// The state of a connection.
    private final class Entry {
        let connection: Connection
        var client: Client?
        /// The places in the queue of all idle connections and in the queue of the client's.
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

    // MARK: Capacity

    /// The capacity for a new connection, by both limits.
    ///
    /// - Parameter address: the address that the connection counts against; nil for a trusted proxy.
    func capacity(for address: IPAddress?) -> Capacity {
        let capacityOfClient = clientCapacity(address)
        guard case .available = capacityOfClient, entries.count >= limits.total else { return capacityOfClient }
        return idle.oldest.map(Capacity.afterEvicting) ?? .exhausted
    }

    /// The capacity for another connection of an address, by the limit per address only.
    func clientCapacity(_ address: IPAddress?) -> Capacity {
        guard let client = address.flatMap({ clients[$0.client] }), client.count >= limits.perAddress else {
            return .available
        }
        return client.idle.oldest.map(Capacity.afterEvicting) ?? .exhausted
    }

    // MARK: Connections

    mutating func insert(_ connection: Connection, from address: IPAddress?) {
        entries[ObjectIdentifier(connection)] = Entry(connection)
        setAddress(address, of: connection)
    }

    /// Sets the address that a connection counts against. With the PROXY protocol it is known only after the first bytes.
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

    /// Marks a connection as idle (waiting for a request) or active. Idempotent.
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
