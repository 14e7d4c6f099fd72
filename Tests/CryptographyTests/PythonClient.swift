import Cryptography
import Foundation
import TestSupport
import Testing

/// An independent TLS client: Python's `ssl`, in lockstep with a server session over two pipes.
///
/// A client frame is a letter, a four-byte length and the payload: `C` for a new connection, `D` for ciphertext, to
/// which the server responds with length-prefixed ciphertext, and `R` for the results as JSON.
struct PythonClient: Encodable {
    /// The file of the trusted certificate.
    var authority: String
    /// The client's only TLS version: `TLSv1_1`, `TLSv1_2` or `TLSv1_3`.
    var version = "TLSv1_3"
    /// The protocols to offer.
    var protocols: [String] = []
    /// The number of plaintext bytes to send in each connection.
    var size = 1000
    /// The number of ciphertext bytes in each frame; 0 for all available.
    var chunk = 0
    /// The number of connections, each resuming the previous session.
    var connections = 1
    /// Whether the handshake's last bytes are sent together with the first data.
    var coalesces = false
    /// Whether to flip one bit of the first data record in transit.
    var tampers = false

    /// The client's result of one connection.
    struct Result: Decodable {
        var error: String?
        var version: String?
        var cipher: String?
        var selected: String?
        var reused = false
        var echoed = false
    }

    /// Runs the client; passes every ciphertext frame to a server, and returns its output.
    func run(against server: EchoServer) async throws -> [Result] {
        let arguments = [String(decoding: try JSONEncoder().encode(self), as: UTF8.self)]
        // The thread has exclusive access to the server: this task waits until the thread has ended.
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
                let response = server.response(to: payload)
                let length = withUnsafeBytes(of: UInt32(response.count).bigEndian) { Array($0) }
                try client.write(length + response)
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

/// An echo server that closes when the client does.
final class EchoServer {
    let context: TLSServerContext
    private(set) var session: TLSServerSession?
    private(set) var errors: [TLSError] = []
    private(set) var received = 0
    /// The largest plaintext chunk returned.
    private(set) var largestPiece = 0
    /// The maximum chunk size to request.
    static let maximumPiece = 10_000
    /// Bytes to inject after each chunk after the handshake, as if from the client.
    var trailer: [UInt8] = []

    init(context: TLSServerContext) { self.context = context }

    func connect() {
        session = try? TLSServerSession(context: context)
    }

    func response(to ciphertext: [UInt8]) -> [UInt8] {
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
