import Cryptography
import TestSupport
import Testing

@Suite("TLS sessions with a foreign client")
struct TLSTests {
    private let directory: TemporaryFolder
    private let authority: CertificateAuthority
    private let authorityFile: String
    private let server: EchoServer

    init() throws {
        directory = try TemporaryFolder()
        authority = try CertificateAuthority(
            commonName: "Test CA", validity: 0...4_102_444_800, key: PrivateKey(generating: .p256))
        authorityFile = try directory.write(authority.certificate.pem(), as: "root.pem")
        server = EchoServer(context: try Self.context(authority))
    }

    private static func context(
        _ authority: CertificateAuthority, key kind: PrivateKey.Kind = .p256
    ) throws -> TLSServerContext {
        let key = try PrivateKey(generating: kind)
        let leaf = try authority.issue(
            commonName: "localhost", dnsNames: ["localhost"], validity: 0...4_102_444_800, key: key)
        return try TLSServerContext(certificateChainPEM: leaf.pem(), privateKeyPEM: key.pem())
    }

    @Test(
        "data is echoed unchanged, in whole flights and byte by byte", arguments: ["TLSv1_2", "TLSv1_3"], [0, 1, 7])
    func echo(version: String, chunk: Int) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        client.chunk = chunk
        let results = try await client.run(against: server)
        #expect(results.map(\.error) == [nil])
        #expect(results.map(\.echoed) == [true])
        #expect(results.map(\.version) == [version == "TLSv1_2" ? "TLSv1.2" : "TLSv1.3"])
        #expect(server.errors.isEmpty)
        #expect(server.session?.peerHasClosed == true)
    }

    @Test("an RSA certificate serves, with a forward-secret authenticated cipher")
    func rsa() async throws {
        let server = EchoServer(context: try Self.context(authority, key: .rsa(bits: 2048)))
        var client = PythonClient(authority: authorityFile)
        client.version = "TLSv1_2"
        let result = try #require(try await client.run(against: server).first)
        #expect(result.echoed)
        #expect(result.cipher?.hasPrefix("ECDHE-RSA-AES") == true)
        #expect(result.cipher?.contains("GCM") == true)
    }

    @Test("a megabyte goes both ways unchanged", arguments: ["TLSv1_2", "TLSv1_3"], [0, 5000])
    func megabyte(version: String, chunk: Int) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        client.size = 1_048_576
        // All of it in one frame would exceed a session's limit.
        client.chunk = chunk == 0 ? 200_000 : chunk
        let result = try #require(try await client.run(against: server).first)
        #expect(result.echoed)
        #expect(server.received == 1_048_576)
        #expect(server.errors.isEmpty)
    }

    @Test("data that arrives with the end of the handshake is not lost", arguments: ["TLSv1_2", "TLSv1_3"])
    func coalesced(version: String) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        client.coalesces = true
        #expect(try await client.run(against: server).map(\.echoed) == [true])
    }

    @Test("a returning client resumes its session by ticket", arguments: ["TLSv1_2", "TLSv1_3"])
    func resumption(version: String) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        client.connections = 3
        let results = try await client.run(against: server)
        #expect(results.map(\.reused) == [false, true, true])
        #expect(results.map(\.echoed) == [true, true, true])
    }

    @Test(
        "HTTP/1.1 is selected if the client offers it",
        arguments: [
            (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["http/1.1", "h2"], "http/1.1"), ([], nil),
        ] as [([String], String?)])
    func protocolSelected(offered: [String], selected: String?) async throws {
        var client = PythonClient(authority: authorityFile)
        client.protocols = offered
        let result = try #require(try await client.run(against: server).first)
        #expect(result.echoed)
        #expect(result.selected == selected)
    }

    @Test("a client that offers only other protocols gets an alert", arguments: [["h2"], ["http/1.0", "http/1.12"]])
    func protocolRejected(offered: [String]) async throws {
        var client = PythonClient(authority: authorityFile)
        client.protocols = offered
        let result = try #require(try await client.run(against: server).first)
        #expect(!result.echoed)
        #expect(result.error?.contains("no application protocol") == true)
        #expect(server.errors.first?.reason == .handshakeFailed)
    }

    @Test("TLS 1.1 is rejected with an alert")
    func oldVersion() async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = "TLSv1_1"
        let result = try #require(try await client.run(against: server).first)
        #expect(result.error?.contains("protocol version") == true)
        #expect(server.errors.first?.reason == .handshakeFailed)
        #expect(server.errors.first?.details.isEmpty == false)
    }

    @Test("an untrusting client ends the handshake, and the error has the reason")
    func distrust() async throws {
        let other = try CertificateAuthority(
            commonName: "Other CA", validity: 0...4_102_444_800, key: PrivateKey(generating: .p256))
        var client = PythonClient(authority: try directory.write(other.certificate.pem(), as: "other.pem"))
        client.version = "TLSv1_2"
        _ = try await client.run(against: server)
        #expect(server.errors.first?.reason == .handshakeFailed)
        #expect(server.errors.first?.description.contains("unknown ca") == true)
        #expect(server.session?.peerHasClosed == false)
    }

    @Test("a modified record is rejected without returning data", arguments: ["TLSv1_2", "TLSv1_3"])
    func tampered(version: String) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        client.tampers = true
        let result = try #require(try await client.run(against: server).first)
        #expect(!result.echoed)
        #expect(result.error?.contains("bad record mac") == true)
        #expect(server.received == 0)
        #expect(server.errors.first?.reason == .protocolViolation)
        #expect(server.session?.peerHasClosed == false)
    }

    @Test("data ahead of a broken record is returned before the error", arguments: ["TLSv1_2", "TLSv1_3"])
    func dataBeforeGarbage(version: String) async throws {
        var client = PythonClient(authority: authorityFile)
        client.version = version
        server.trailer = [0x17, 0x03, 0x03, 0x00, 0x20] + [UInt8](repeating: 0, count: 32)
        _ = try await client.run(against: server)
        #expect(server.received == 1000)
        #expect(server.errors.first?.reason == .protocolViolation)
    }

    @Test("after both sides have closed, nothing is sent and input is ignored")
    func closed() async throws {
        #expect(try await PythonClient(authority: authorityFile).run(against: server).map(\.error) == [nil])
        let session = try #require(server.session)
        let error = try #require(throws: TLSError.self) { try session.send([1]) }
        #expect(error.reason == .closed)
        let garbage = [UInt8](repeating: 0, count: TLSServerSession.maximumReceived)
        for _ in 0..<2 { try session.receive(garbage.span) }
        #expect(try session.takePlaintext(maximum: 100).isEmpty)
        session.close()
        #expect(session.takeCiphertext().isEmpty)
    }

    @Test("intermediate certificates of the chain are sent")
    func intermediate() async throws {
        let key = try PrivateKey(generating: .p256)
        let keyFile = try directory.write(key.pem(), as: "key.pem")
        let extensions = try directory.write(
            Array("[ca]\nbasicConstraints=critical,CA:TRUE\n[leaf]\nsubjectAltName=DNS:localhost\n".utf8),
            as: "extensions")
        for (name, issuer) in [("root", nil), ("ca", "root"), ("leaf", "ca")] as [(String, String?)] {
            let request = directory.path("\(name).csr")
            try await Program.openssl(["req", "-new", "-key", keyFile, "-subj", "/CN=\(name)", "-out", request])
            let signer =
                issuer.map { ["-CA", directory.path("\($0).crt"), "-CAkey", keyFile, "-CAcreateserial"] }
                ?? ["-signkey", keyFile]
            try await Program.openssl(
                [
                    "x509", "-req", "-in", request, "-extfile", extensions, "-extensions",
                    name == "leaf" ? "leaf" : "ca", "-days", "2", "-out", directory.path("\(name).crt"),
                ] + signer)
        }
        let chain = try directory.read("leaf.crt") + directory.read("ca.crt")
        let context = try TLSServerContext(certificateChainPEM: chain, privateKeyPEM: key.pem())
        #expect(context.certificate.commonName == "leaf")
        let client = PythonClient(authority: directory.path("root.crt"))
        #expect(try await client.run(against: EchoServer(context: context)).map(\.error) == [nil])
        let withoutIntermediate = try TLSServerContext(
            certificateChainPEM: directory.read("leaf.crt"), privateKeyPEM: key.pem())
        #expect(try await client.run(against: EchoServer(context: withoutIntermediate)).map(\.error) != [nil])
    }
}
