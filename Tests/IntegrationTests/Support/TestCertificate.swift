import Cryptography
import Foundation
import TestSupport

/// A certificate of a test's own authority, in files: `name.pem` and `name.key`. Its common name is its name.
struct TestCertificate: Sendable {
    let name: String
    let folder: TemporaryFolder

    var certificate: String { folder.path("\(name).pem") }
    var key: String { folder.path("\(name).key") }
    /// The authority's certificate.
    var authority: String { folder.path("\(name)-authority.pem") }
    /// The settings by which the bridge uses it.
    var settings: [String: String] { ["listen.tls.certificate": certificate, "listen.tls.privateKey": key] }

    /// Creates a certificate with OpenSSL's command line.
    ///
    /// - Parameter kind: `rsa:2048`, or the name of a curve.
    static func make(
        _ name: String, in folder: TemporaryFolder, key kind: String = "prime256v1", days: Int = 90
    ) async throws -> TestCertificate {
        let made = TestCertificate(name: name, folder: folder)
        let newKey =
            kind.hasPrefix("rsa") ? ["-newkey", kind] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(kind)"]
        // No client requests these addresses; real certificates have them.
        let extensions = try folder.write(
            """
            subjectAltName=DNS:localhost,IP:127.0.0.1
            extendedKeyUsage=serverAuth
            keyUsage=critical,digitalSignature\(kind.hasPrefix("rsa") ? ",keyEncipherment" : "")
            crlDistributionPoints=URI:http://127.0.0.1/crl
            authorityInfoAccess=OCSP;URI:http://127.0.0.1/ocsp

            """, as: "\(name).extensions")
        let authorityKey = folder.path("\(name)-authority.key")
        try await Program.openssl(
            ["req", "-x509"] + newKey + [
                "-nodes", "-keyout", authorityKey, "-out", made.authority, "-days", "365", "-subj",
                "/CN=\(name) authority",
            ])
        let request = folder.path("\(name).csr")
        try await Program.openssl(
            ["req"] + newKey + ["-nodes", "-keyout", made.key, "-out", request, "-subj", "/CN=\(name)"])
        try await Program.openssl([
            "x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", authorityKey, "-CAcreateserial", "-days",
            "\(days)", "-extfile", extensions, "-out", made.certificate,
        ])
        // Clients that trust the file trust the authority in it.
        try folder.write(try folder.read("\(name).pem") + folder.read("\(name)-authority.pem"), as: "\(name).pem")
        try folder.write(try folder.read("\(name).key"), as: "\(name).key.original")
        return made
    }

    /// Creates a certificate that is a month old and valid for this many more days.
    static func expiring(in folder: TemporaryFolder, days: Int64) throws -> TestCertificate {
        let now = Int64(Date().timeIntervalSince1970)
        let validity = (now - 30 * 86_400)...(now + days * 86_400 + 3600)
        let authority = try CertificateAuthority(
            commonName: "Test CA", validity: validity, key: PrivateKey(generating: .p256))
        let key = try PrivateKey(generating: .p256)
        let certificate = try authority.issue(
            commonName: "localhost", dnsNames: ["localhost"], validity: validity, key: key)
        try folder.write(certificate.pem(), as: "expiring.pem")
        try folder.write(key.pem(), as: "expiring.key")
        return TestCertificate(name: "expiring", folder: folder)
    }

    /// Writes this certificate and its key into the files of another one.
    func use(for other: TestCertificate, in world: IntegrationEnvironment) throws {
        try folder.write(try folder.read("\(name).pem"), as: "\(other.name).pem")
        try folder.write(try folder.read("\(name).key"), as: "\(other.name).key")
    }

    /// A TLS client controlled line by line: `open` makes a new connection and gives the server's name,
    /// `same` sends a request on the first connection, `ready` requests /readyz.
    static let client = """
        import http.client, ssl, sys
        authority, address = sys.argv[1:3]
        port = int(address.rsplit(":", 1)[1])
        first = None
        def connect():
            context = ssl.create_default_context(cafile=authority)
            connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=30)
            connection.connect()
            return connection
        def ask(connection, path="/healthz"):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        for line in sys.stdin:
            if line.strip() == "same":
                socket = first.sock
                status, _ = ask(first)
                assert first.sock is socket, "the connection was dropped"
                print(status, flush=True)
                continue
            connection = connect()
            first = first or connection
            if line.strip() == "ready":
                print(ask(connection, "/readyz")[1], flush=True)
            else:
                name = dict(part[0] for part in connection.sock.getpeercert()["subject"])["commonName"]
                print(ask(connection)[0], name, flush=True)
        """

    /// Posts a file over one version of TLS.
    static let pythonDelivery = """
        import http.client, ssl, sys, urllib.parse
        authority, url, version, body = sys.argv[1:5]
        url = urllib.parse.urlsplit(url)
        context = ssl.create_default_context(cafile=authority)
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_"))
        connection = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=30)
        connection.request("POST", url.path, open(body, "rb").read(), {"Content-Type": "text/plain; charset=UTF-8"})
        print(connection.getresponse().status, connection.sock.version())
        """
}
