import Cryptography
import Foundation
import TestSupport
import Testing

/// A TLS client that shares no code of ours: Python's `ssl`, in lock step with a server session over two pipes.
///
/// The client's frames are a letter, a length in four bytes and so many bytes: `C` a new connection, `D` ciphertext, which
/// is answered with ciphertext behind a length, and `R` the results as JSON.
struct PythonClient: Encodable {
    /// The file with the certificate to trust.
    var authority: String
    /// The only version of TLS that the client speaks: `TLSv1_1`, `TLSv1_2` or `TLSv1_3`.
    var version = "TLSv1_3"
    /// The protocols to offer.
    var protocols: [String] = []
    /// How many bytes of plaintext to send in each connection.
    var size = 1000
    /// How many bytes of ciphertext to send in each frame; 0 for everything that there is.
    var chunk = 0
    /// How many connections to make, each with the session of the one before.
    var connections = 1
    /// Whether the handshake's last bytes are sent together with the first data.
    var coalesces = false
    /// Whether one bit of the first data record is changed on its way.
    var tampers = false

    /// What the client saw in one connection.
    struct Result: Decodable {
        var error: String?
        var version: String?
        var cipher: String?
        var selected: String?
        var reused = false
        var echoed = false
    }

    /// Runs the client; every frame with ciphertext is handed to a server, which gives the answer.
    func run(against server: EchoServer) async throws -> [Result] {
        let arguments = [String(decoding: try JSONEncoder().encode(self), as: UTF8.self)]
        // The thread has the server to itself: this task does nothing before the thread is done.
        nonisolated(unsafe) let served = server
        let results = try await onThread { try Self.converse(arguments, with: served) }
        #expect(server.largestPiece <= EchoServer.maximumPiece)
        return results
    }

    private static func converse(_ arguments: [String], with server: EchoServer) throws -> [Result] {
        let client = try PythonProcess(program, arguments)
        var results: [Result] = []
        while let (kind, payload) = try readFrame(client) {
            switch kind {
            case "C": server.connect()
            case "D":
                let answer = server.answer(to: payload)
                let length = withUnsafeBytes(of: UInt32(answer.count).bigEndian) { Array($0) }
                try client.write(length + answer)
            default: results = try JSONDecoder().decode([Result].self, from: Data(payload))
            }
        }
        try client.end()
        return results
    }

    private static func readFrame(_ client: PythonProcess) throws -> (kind: Character, payload: [UInt8])? {
        let header = try client.read(5)
        guard header.count == 5 else { return nil }
        let length = header[1...].reduce(0) { $0 << 8 | Int($1) }
        return (Character(Unicode.Scalar(header[0])), try client.read(length))
    }

    private static let program = """
        import json, ssl, struct, sys, warnings
        warnings.simplefilter("ignore")
        arguments = json.loads(sys.argv[1])

        def frame(kind, payload=b""):
            sys.stdout.buffer.write(kind + struct.pack(">I", len(payload)) + payload)
            sys.stdout.buffer.flush()

        def answer():
            length, = struct.unpack(">I", sys.stdin.buffer.read(4))
            return sys.stdin.buffer.read(length)

        context = ssl.create_default_context(cafile=arguments["authority"])
        version = getattr(ssl.TLSVersion, arguments["version"])
        context.minimum_version = context.maximum_version = version
        if arguments["version"] == "TLSv1_1":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        if arguments["protocols"]:
            context.set_alpn_protocols(arguments["protocols"])

        class Connection:
            def __init__(self, session):
                frame(b"C")
                self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                self.tls = context.wrap_bio(
                    self.incoming, self.outgoing, server_hostname="localhost", session=session)

            def flush(self, tampers=False):
                data = self.outgoing.read()
                if tampers:
                    data = data[:-1] + bytes([data[-1] ^ 1])
                step = arguments["chunk"] or max(1, len(data))
                for start in range(0, len(data), step):
                    frame(b"D", data[start:start + step])
                    self.incoming.write(answer())

            def call(self, function, *values):
                while True:
                    try:
                        return function(*values)
                    except ssl.SSLWantReadError:
                        if not self.outgoing.pending:
                            raise
                        self.flush()

            def run(self, result):
                self.call(self.tls.do_handshake)
                if not arguments["coalesces"]:
                    self.flush()
                data = bytes(i * 31 % 251 for i in range(arguments["size"]))
                sent = 0
                while sent < len(data):
                    sent += self.call(self.tls.write, data[sent:])
                self.flush(arguments["tampers"])
                received = b""
                while len(received) < len(data):
                    received += self.call(self.tls.read, 65536)
                result["echoed"] = received == data
                result["version"] = self.tls.version()
                result["cipher"] = self.tls.cipher()[0]
                result["selected"] = self.tls.selected_alpn_protocol()
                result["reused"] = self.tls.session_reused
                self.call(self.tls.unwrap)

        results, session = [], None
        for _ in range(arguments["connections"]):
            result = {"reused": False, "echoed": False}
            connection = Connection(session)
            try:
                connection.run(result)
                session = connection.tls.session
            except ssl.SSLError as error:
                result["error"] = str(error)
                connection.flush()
            results.append(result)
        frame(b"R", json.dumps(results).encode())
        """
}

/// A server that sends back what it gets, and closes when the client does.
final class EchoServer {
    let context: TLSServerContext
    private(set) var session: TLSServerSession?
    private(set) var errors: [TLSError] = []
    private(set) var received = 0
    /// The most bytes of plaintext that were given at once.
    private(set) var largestPiece = 0
    /// How many are asked for.
    static let maximumPiece = 10_000
    /// What is received behind each piece after the handshake, as if the client had sent it.
    var trailer: [UInt8] = []

    init(context: TLSServerContext) { self.context = context }

    func connect() {
        session = try? TLSServerSession(context: context)
    }

    func answer(to ciphertext: [UInt8]) -> [UInt8] {
        guard let session else { return [] }
        let arrived = session.isHandshakeComplete ? ciphertext + trailer : ciphertext
        do throws(TLSError) {
            try session.receive(arrived.span)
            while case let plaintext = try session.takePlaintext(maximum: Self.maximumPiece), !plaintext.isEmpty {
                largestPiece = max(largestPiece, plaintext.count)
                received += plaintext.count
                try session.send(plaintext)
            }
            if session.peerHasClosed { session.close() }
        } catch {
            errors.append(error)
        }
        return session.takeCiphertext()
    }
}
