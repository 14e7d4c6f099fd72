import HTTPClient
import HTTPTypes
import TestSupport
import Testing

@Suite("Validation of requests in the HTTP client", .timeLimit(.minutes(15)))
struct RequestRulesTests {
    private func code(_ request: HTTPRequest, body: [UInt8] = []) async throws -> HTTPClientError.Code? {
        var code: HTTPClientError.Code?
        try await withClient { client in
            do throws(HTTPClientError) {
                _ = try await client.send(request, body: body, timeout: .zero)
            } catch {
                code = error.code
            }
        }
        return code
    }

    @Test(
        "schemes other than http and https, and invalid hosts, are rejected",
        arguments: [
            ("ftp", "example.com"), ("file", "example.com"), ("http", ""), ("http", "user@example.com"),
            ("http", "a/b"), ("http", "a?b"), ("http", "a#b"), ("http", "a b"), ("http", "a\r\nb"),
            ("http", "é.example"),
        ])
    func authority(scheme: String, authority: String) async throws {
        let request = HTTPRequest(method: .get, scheme: scheme, authority: authority, path: "/")
        #expect(try await code(request) == .invalidRequest)
    }

    @Test("invalid paths are rejected", arguments: ["", "a", "/a b", "/a#b", "/é", "/a\r\nX: y", "/a\u{0}b"])
    func path(path: String) async throws {
        let request = HTTPRequest(method: .get, scheme: "http", authority: "example.com", path: path)
        #expect(try await code(request) == .invalidRequest)
    }

    @Test(
        "fields that frame a request are rejected",
        arguments: ["Host", "Content-Length", "Transfer-Encoding", "Expect", "Connection", "Upgrade", "TE"])
    func reservedFields(name: String) async throws {
        let field = try #require(HTTPField.Name(name))
        let request = HTTPRequest(
            method: .get, scheme: "http", authority: "example.com", path: "/", headerFields: [field: "1"])
        #expect(try await code(request) == .invalidRequest)
    }

    @Test("a GET and a HEAD with a body are rejected", arguments: [HTTPRequest.Method.get, .head])
    func bodies(method: HTTPRequest.Method) async throws {
        let request = HTTPRequest(method: method, scheme: "http", authority: "example.com", path: "/")
        #expect(try await code(request, body: [1]) == .invalidRequest)
    }

    @Test(
        "invalid address overrides are rejected",
        arguments: [
            "", "a:1:b", "a:1:b:2:c", "a:65536:b:1", "a:x:b:1", "a:1:b:-1", "[::1:1:b:1", "a b:1:c:1", "a:1:b:1\n",
        ])
    func connectTo(text: String) async throws {
        #expect(try await configurationCode { $0.connectTo = [text] } == .invalidConfiguration)
    }

    @Test(
        "address overrides are parsed like by libcurl", arguments: [":::", "a:1:b:2", "[::1]:443:[::2]:8443", "a::b:"])
    func connectToForms(text: String) async throws {
        #expect(try await configurationCode { $0.connectTo = [text] } == nil)
    }

    @Test("a configuration with control characters, or with limits out of range, is rejected")
    func configuration() async throws {
        #expect(try await configurationCode { $0.userAgent = "a\r\nb" } == .invalidConfiguration)
        #expect(try await configurationCode { $0.certificateAuthorities = "a\0b" } == .invalidConfiguration)
        #expect(try await configurationCode { $0.maximumConnectionsPerHost = 0 } == .invalidConfiguration)
        #expect(try await configurationCode { $0.maximumBodyBytes = -1 } == .invalidConfiguration)
        #expect(try await configurationCode { $0.maximumHeaderBytes = -1 } == .invalidConfiguration)
        #expect(try await configurationCode { $0.maximumAddressAge = -1 } == .invalidConfiguration)
    }

    private func configurationCode(_ configure: (inout HTTPClient.Configuration) -> Void) async throws
        -> HTTPClientError.Code?
    {
        var code: HTTPClientError.Code?
        try await withEventLoop { loop in
            var configuration = HTTPClient.Configuration()
            configure(&configuration)
            do throws(HTTPClientError) {
                let client = try await HTTPClient(loop: loop, configuration: configuration)
                await client.shutdown()
            } catch {
                code = error.code
            }
        }
        return code
    }
}
