import EventLoop
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import AWSClient

@Suite("Cleanup of keys and tokens", .timeLimit(.minutes(15))) struct KeyTextTests {
    private func plan(
        _ environment: [String: String], credentials: String = "", config: String = ""
    ) throws(AWSSettings.SettingError) -> CredentialsPlan {
        let environment = environment.merging(["HOME": "/h"]) { own, _ in own }
        let files = ["/h/.aws/credentials": credentials, "/h/.aws/config": config]
        return try AWSSettings(environment: environment) { files[$0].map { Array($0.utf8) } }.plan
    }

    private let key = Credentials(accessKeyID: "AKIAEXAMPLEEXAMPLE01", secretAccessKey: "exampleSecret+/=1")

    @Test(
        "Whitespace and byte order marks around keys in variables are ignored",
        arguments: ["\n", "\r\n", "\r", " ", "\t", "\u{FEFF}", "\u{A0}", "\u{0}"])
    func variables(blank: String) throws {
        let plan = try plan([
            "AWS_ACCESS_KEY_ID": blank + key.accessKeyID + blank, "AWS_SECRET_ACCESS_KEY": key.secretAccessKey + blank,
            "AWS_SESSION_TOKEN": blank,
        ])
        #expect(plan == .fixed(key))
    }

    @Test(
        "Keys with whitespace or control characters inside are a setting error that does not reveal the key",
        arguments: ["\n", " ", "\u{0}", "\u{7F}", "\u{FEFF}", "é"])
    func malformedKeys(blank: String) throws {
        let secret = "example\(blank)Secret"
        for (environment, file) in [
            (["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": secret], ""),
            (["AWS_ACCESS_KEY_ID": "A\(blank)B", "AWS_SECRET_ACCESS_KEY": "s"], ""),
            (["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": secret], ""),
            // A line break would start another key.
            ([:], "[default]\naws_access_key_id = A\naws_secret_access_key = \(blank == "\n" ? "x y" : secret)\n"),
        ] {
            let problem = #expect(throws: AWSSettings.SettingError.self) { try plan(environment, credentials: file) }
            #expect(problem?.description.contains("whitespace") == true)
            #expect(problem?.description.contains("example") == false)
        }
    }

    @Test("An empty setting counts as missing, in files and variables alike")
    func empty() throws {
        let keys = "aws_access_key_id = \(key.accessKeyID)\naws_secret_access_key = \(key.secretAccessKey)\n"
        #expect(try plan([:], credentials: "[default]\n\(keys)aws_session_token =\n") == .fixed(key))
        #expect(try plan([:], credentials: "\u{FEFF}[default]\n\(keys)") == .fixed(key))
        // An empty setting of the credentials file does not hide that of the configuration.
        #expect(
            try plan([:], credentials: "[default]\naws_access_key_id =\n", config: "[default]\n\(keys)") == .fixed(key))
        #expect(try plan([:], credentials: "[default]\n\(keys)role_arn =\nweb_identity_token_file =\n") == .fixed(key))
        #expect(try plan(["AWS_WEB_IDENTITY_TOKEN_FILE": " \n"], credentials: "[default]\n\(keys)") == .fixed(key))
        let container = try plan([
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/c\n",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "", "AWS_CONTAINER_AUTHORIZATION_TOKEN": " token\n",
        ])
        guard case .container(let endpoint) = container else {
            Issue.record("\(container)")
            return
        }
        #expect(endpoint.path == "/c" && endpoint.token == .text("token"))
    }

    @Test("Missing credentials are not a setting error, because they may appear later")
    func absent() throws {
        for (environment, config) in [
            (["AWS_EC2_METADATA_DISABLED": "true"], ""),
            (["AWS_ACCESS_KEY_ID": " \n", "AWS_EC2_METADATA_DISABLED": "true"], ""),
            ([:], "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\ncredential_source = Environment\n"),
        ] {
            let plan = try plan(environment, config: config)
            switch plan {
            case .none(let error), .role(_, from: .none(let error)): #expect(error.kind == .noCredentials)
            default: Issue.record("\(plan)")
            }
        }
    }

    /// Responds to every request with the same body.
    private struct Answering: MetadataTransport {
        let body: String
        func fetch(_ request: HTTPRequest, timeout: Duration) async throws(HTTPClientError)
            -> (response: HTTPResponse, body: [UInt8])
        {
            (HTTPResponse(status: .ok), Array(body.utf8))
        }
    }

    private func chain(
        _ aws: ScriptedAWS, _ environment: [String: String], files: [String: String] = [:], response: String = "",
        loop: EventLoop
    ) throws -> CredentialsChain {
        let settings = try AWSSettings(environment: environment) { files[$0].map { Array($0.utf8) } }
        return CredentialsChain(
            settings: settings, client: try client(aws, retry: RetryPolicy(maximumAttempts: 1)),
            transport: Answering(body: response), loop: loop, region: region, sessionName: "test")
    }

    @Test(
        "Keys of the container endpoint are cleaned up, too",
        arguments: [
            (#"{"AccessKeyId": "A\n", "SecretAccessKey": " s", "Token": ""}"#, "A s -"),
            (#"{"AccessKeyId": "A", "SecretAccessKey": "s", "Token": "t\r\n", "Expiration": ""}"#, "A s t"),
            (#"{"AccessKeyId": "", "SecretAccessKey": "s"}"#, nil),
            (#"{"AccessKeyId": "A", "SecretAccessKey": " "}"#, nil),
            (#"{"AccessKeyId": "A", "SecretAccessKey": "s s"}"#, nil), ("<html>", nil),
        ] as [(String, String?)])
    func container(response: String, expected: String?) async throws {
        try await withEventLoop { loop in
            let chain = try chain(
                ScriptedAWS([]), ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/c"], response: response,
                loop: loop)
            let found = try? await chain.credentials()
            let text = found.map { "\($0.accessKeyID) \($0.secretAccessKey) \($0.sessionToken ?? "-")" }
            #expect(text == expected)
            await chain.close()
        }
    }

    @Test(
        "A web identity that STS rejects, or whose token is missing or empty, suspends",
        arguments: ["InvalidIdentityToken", "IDPCommunicationError", "missing", "empty"])
    func webIdentity(trouble: String) async throws {
        try await withEventLoop { loop in
            let fault = "<ErrorResponse><Error><Code>\(trouble)</Code><Message>no</Message></Error></ErrorResponse>"
            let aws = ScriptedAWS([ScriptedAWS.reply(400, fault)])
            let chain = try chain(
                aws, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/r"],
                files: trouble == "missing" ? [:] : ["/t": trouble == "empty" ? " \n" : "header.claims.signature\n"],
                loop: loop)
            let error = try await failure {
                try await client(ScriptedAWS([]), credentials: chain).getFindings(filters: [:], region: region)
            }
            #expect(error.consequence == .suspend, "\(error)")
            #expect(aws.requests.count == (["missing", "empty"].contains(trouble) ? 0 : 1))
            await chain.close()
        }
    }
}
