import EventLoop
import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import HTTPServer

/// A PROXY protocol header of version 2.
private func header(command: UInt8 = 0x21, family: UInt8 = 0x11, _ payload: [UInt8]) -> [UInt8] {
    Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [command, family, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        + payload
}

private let fromFour = header([192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xBB])

@Suite("ProxyHeader")
struct ProxyHeaderTests {
    @Test("the source of IPv4 and IPv6 headers is parsed, and extensions are ignored")
    func sources() throws {
        let source = SocketAddress("192.0.2.7:12345")
        #expect(try ProxyHeader.read(fromFour + [1, 2, 3]) == .header(length: fromFour.count, source: source))
        let extended = header([192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xBB, 0xEA, 0, 1, 9])
        #expect(try ProxyHeader.read(extended) == .header(length: extended.count, source: source))
        let six = header(
            family: 0x21,
            [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
                + [UInt8](repeating: 0, count: 16) + [0x30, 0x39, 0x01, 0xBB])
        #expect(
            try ProxyHeader.read(six) == .header(length: six.count, source: SocketAddress("[2001:db8::1]:12345")))
    }

    @Test("a LOCAL header and an unknown address family have no source")
    func local() throws {
        let local = header(command: 0x20, family: 0, [])
        #expect(try ProxyHeader.read(local) == .header(length: 16, source: nil))
        #expect(try ProxyHeader.read(header(family: 0, [1, 2])) == .header(length: 18, source: nil))
    }

    @Test("a header that is truncated at any length is incomplete")
    func incomplete() throws {
        for length in 0..<fromFour.count {
            #expect(try ProxyHeader.read(Array(fromFour[..<length])) == .incomplete)
        }
    }

    @Test(
        "anything else is rejected as early as possible",
        arguments: [
            Array("GET / HTTP/1.1\r\n".utf8), Array("PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n".utf8), [0x16, 3, 1],
            header(command: 0x31, []), header(command: 0x22, []),
            header(family: 0x12, [UInt8](repeating: 0, count: 12)),
            header(family: 0x31, [UInt8](repeating: 0, count: 216)), header([1, 2, 3]),
            header([UInt8](repeating: 0, count: 2033)),
        ])
    func rejected(bytes: [UInt8]) {
        #expect(throws: ProxyHeaderError.self) { try ProxyHeader.read(bytes) }
    }
}

@Suite("Trusted proxies", .timeLimit(.minutes(15)))
struct ProxyTests {
    @Test(
        "the client is the last address of X-Forwarded-For that is not a trusted proxy's",
        arguments: [
            ([], "10.0.0.1:5"), (["192.0.2.1"], "192.0.2.1:0"), (["192.0.2.1:77"], "192.0.2.1:77"),
            (["198.51.100.1, 192.0.2.1"], "192.0.2.1:0"), (["198.51.100.1", "192.0.2.1"], "192.0.2.1:0"),
            (["192.0.2.1, 10.9.9.9"], "192.0.2.1:0"), (["10.1.1.1,10.2.2.2"], "10.1.1.1:0"),
            (["2001:db8::1"], "[2001:db8::1]:0"), (["[2001:db8::1]:9"], "[2001:db8::1]:9"),
            (["[2001:db8::1]"], "[2001:db8::1]:0"), (["192.0.2.1, unknown"], "10.0.0.1:5"),
            (["192.0.2.1, unknown, 10.3.3.3"], "10.3.3.3:0"), (["192.0.2.1,"], "10.0.0.1:5"), ([""], "10.0.0.1:5"),
        ])
    func forwardedFor(values: [String], expected: String) throws {
        let name = try #require(HTTPField.Name("X-Forwarded-For"))
        var fields = HTTPFields()
        for value in values { fields.append(HTTPField(name: name, value: value)) }
        let trusted = [try #require(AddressBlock("10.0.0.0/8"))]
        let peer = try #require(SocketAddress("10.0.0.1:5"))
        #expect(ForwardedFor.client(peer: peer, fields: fields, trusted: trusted).description == expected)
        let stranger = try #require(SocketAddress("203.0.113.1:5"))
        #expect(ForwardedFor.client(peer: stranger, fields: fields, trusted: trusted) == stranger)
        #expect(ForwardedFor.client(peer: peer, fields: fields, trusted: []) == peer)
    }

    /// Responds with the client's address.
    private let whoAmI: Router.Handler = { request in
        ServerResponse(status: .ok, body: Array((request.peer?.description ?? "").utf8))
    }

    private func loopback() throws -> [AddressBlock] { [try #require(AddressBlock("127.0.0.0/8"))] }

    @Test("the handler receives the client's address behind a trusted proxy")
    func handler() async throws {
        let trusted = try loopback()
        try await withServer(configure: { $0.trustedProxies = trusted }, handler: whoAmI) { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            let response = try await onThread {
                client.send(get("/", "X-Forwarded-For: 192.0.2.1\r\n"))
                return client.readResponse()
            }
            #expect(response?.text == "192.0.2.1:0")
        }
    }

    @Test("a PROXY header, together with a request or byte by byte, sets the client of all requests")
    func proxyProtocol() async throws {
        let trusted = try loopback()
        try await withServer {
            $0.trustedProxies = trusted
            $0.proxyProtocol = true
        } handler: { [whoAmI] in
            await whoAmI($0)
        } _: { server in
            for isComplete in [true, false] {
                let client = try ClientSocket(port: server.port)
                defer { client.close() }
                let answers = try await onThread {
                    if isComplete {
                        client.send(fromFour + Array(get("/").utf8))
                    } else {
                        for byte in fromFour { client.send([byte]) }
                        client.send(get("/"))
                    }
                    let first = client.readResponse()?.text
                    client.send(get("/"))
                    return [first, client.readResponse()?.text]
                }
                #expect(answers == ["192.0.2.7:12345", "192.0.2.7:12345"])
            }
        }
    }

    @Test("a connection without a PROXY header, or not from a trusted proxy, is closed and reported")
    func withoutHeader() async throws {
        for trusted in [try loopback(), [try #require(AddressBlock("10.0.0.0/8"))]] {
            try await withServer {
                $0.trustedProxies = trusted
                $0.proxyProtocol = true
            } _: { server in
                let client = try ClientSocket(port: server.port)
                defer { client.close() }
                let end = try await onThread {
                    client.send(get("/small"))
                    return client.readEnd()
                }
                // Sending fails if the reset arrives before the request is sent.
                #expect(end != .neither)
                var events = server.events.makeAsyncIterator()
                guard case .proxyHeaderRejected(_, let peer) = await events.next() else {
                    Issue.record("the refusal was not reported")
                    return
                }
                #expect(peer?.host == "127.0.0.1")
            }
        }
    }

    @Test("behind a load balancer the limit per address applies to clients")
    func perClient() async throws {
        let trusted = try loopback()
        try await withServer {
            $0.trustedProxies = trusted
            $0.proxyProtocol = true
            $0.connections = ConnectionLimits(total: 100, perAddress: 1)
        } _: { server in
            let (first, second, third) = (
                try ClientSocket(port: server.port), try ClientSocket(port: server.port),
                try ClientSocket(port: server.port)
            )
            let partial = Array("GET /small HTTP/1.1\r\n".utf8)
            first.send(fromFour + partial)
            try await server.wait { $0.connections.all.contains { $0.requestStart != nil && $0.isSecured } }
            second.send(fromFour + partial)
            #expect(try await onThread { second.readEnd() } == .reset)
            third.send(header([192, 0, 2, 8, 10, 0, 0, 1, 0, 1, 0, 2]) + Array(get("/small").utf8))
            #expect(try await onThread { third.readResponse() }?.status == 200)
            for client in [first, second, third] { client.close() }
        }
    }

    @Test("a connection without a PROXY header is closed after the handshake timeout")
    func slowHeader() async throws {
        let trusted = try loopback()
        try await withServer {
            $0.trustedProxies = trusted
            $0.proxyProtocol = true
        } _: { server in
            let client = try ClientSocket(port: server.port)
            defer { client.close() }
            client.send(Array(fromFour[..<10]))
            try await server.wait { $0.connections.all.contains { $0.proxyHeader?.count == 10 } }
            await server.tick(10)
            #expect(await server.look { $0.connections.count } == 1)
            await server.tick(1)
            #expect(try await onThread { client.readEnd() } != .neither)
        }
    }
}
