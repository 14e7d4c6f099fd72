import EventLoop
import TestSupport
import Testing

@testable import HTTPServer

@Suite("ConnectionTable")
struct ConnectionTableTests {
    private final class Connection {
        let name: String
        init(_ name: String) { self.name = name }
    }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func name(_ capacity: ConnectionTable<Connection>.Capacity) -> String {
        switch capacity {
        case .available: "available"
        case .afterEvicting(let connection): "after \(connection.name)"
        case .exhausted: "exhausted"
        }
    }

    @Test("at the limit the longest idle connection is evicted, and without an idle one there is no capacity")
    func total() throws {
        var table = ConnectionTable<Connection>(limits: ConnectionLimits(total: 3, perAddress: 10))
        let connections = ["a", "b", "c"].map(Connection.init)
        for (index, connection) in connections.enumerated() {
            #expect(name(table.capacity(for: try address("192.0.2.\(index)"))) == "available")
            table.insert(connection, from: try address("192.0.2.\(index)"))
        }
        let other = try address("192.0.2.9")
        #expect(name(table.capacity(for: other)) == "exhausted")
        for index in [1, 0, 2] { table.setIdle(true, connections[index]) }
        table.setIdle(true, connections[1])
        #expect(name(table.capacity(for: other)) == "after b")
        table.setIdle(false, connections[1])
        table.setIdle(true, connections[1])
        #expect(name(table.capacity(for: other)) == "after a")
        table.remove(connections[0])
        #expect(name(table.capacity(for: other)) == "available")
        #expect(table.count == 2)
    }

    @Test("an address at its limit evicts an idle connection of its own only")
    func perAddress() throws {
        var table = ConnectionTable<Connection>(limits: ConnectionLimits(total: 10, perAddress: 2))
        let connections = ["a", "b", "c"].map(Connection.init)
        let (greedy, other) = (try address("192.0.2.1"), try address("192.0.2.2"))
        table.insert(connections[0], from: other)
        table.setIdle(true, connections[0])
        for connection in connections[1...] { table.insert(connection, from: greedy) }
        #expect(name(table.capacity(for: greedy)) == "exhausted")
        #expect(name(table.capacity(for: other)) == "available")
        #expect(name(table.capacity(for: nil)) == "available")
        table.setIdle(true, connections[2])
        #expect(name(table.capacity(for: greedy)) == "after c")
        table.remove(connections[1])
        #expect(name(table.capacity(for: greedy)) == "available")
    }

    @Test("an IPv6 /64 network counts as one address")
    func network() throws {
        var table = ConnectionTable<Connection>(limits: ConnectionLimits(total: 10, perAddress: 1))
        table.insert(Connection("a"), from: try address("2001:db8::1"))
        #expect(name(table.capacity(for: try address("2001:db8::ffff:2"))) == "exhausted")
        #expect(name(table.capacity(for: try address("2001:db8:0:1::1"))) == "available")
    }

    @Test("a connection counts against the address that is set later")
    func laterAddress() throws {
        var table = ConnectionTable<Connection>(limits: ConnectionLimits(total: 10, perAddress: 1))
        let connection = Connection("a")
        let address = try address("192.0.2.1")
        table.insert(connection, from: nil)
        table.setIdle(true, connection)
        #expect(name(table.clientCapacity(address)) == "available")
        table.setAddress(address, of: connection)
        #expect(name(table.clientCapacity(address)) == "after a")
        table.setAddress(nil, of: connection)
        #expect(name(table.clientCapacity(address)) == "available")
    }

    @Test("random operations give the same order as a plain list, and leave an empty table")
    func model() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("ConnectionTable: seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        weak var last: Connection?
        do {
            var table = ConnectionTable<Connection>(limits: ConnectionLimits(total: 1, perAddress: 1))
            var (all, idle): ([Connection], [Connection]) = ([], [])
            let host = try address("192.0.2.1")
            for step in 0..<5000 {
                let known = all.randomElement(using: &generator)
                switch (Int.random(in: 0..<4, using: &generator), known) {
                case (0, _), (_, nil):
                    let connection = Connection("\(step)")
                    last = connection
                    all.append(connection)
                    table.insert(connection, from: host)
                case (1, let known?):
                    table.setIdle(true, known)
                    if !idle.contains(where: { $0 === known }) { idle.append(known) }
                case (2, let known?):
                    table.setIdle(false, known)
                    idle.removeAll { $0 === known }
                case (_, let known?):
                    table.remove(known)
                    all.removeAll { $0 === known }
                    idle.removeAll { $0 === known }
                }
                let expected = all.isEmpty ? "available" : idle.first.map { "after \($0.name)" } ?? "exhausted"
                try #require(name(table.capacity(for: host)) == expected, "seed \(seed), step \(step)")
                try #require(name(table.capacity(for: nil)) == expected, "seed \(seed), step \(step)")
                try #require(table.count == all.count)
            }
        }
        #expect(last == nil)
    }

    @Test("the shares of several loops add up to at least the limit", arguments: [1, 2, 3, 64])
    func shares(loops: Int) {
        let share = ConnectionLimits(total: 100, perAddress: 10).share(of: loops)
        #expect(share.total * loops >= 100 && (share.total - 1) * loops < 100)
        #expect(share.perAddress * loops >= 10 && share.perAddress >= 1)
    }
}
