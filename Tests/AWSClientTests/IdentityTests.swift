import AWSCore
import Encoding
import EventLoop
import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import AWSClient

@Suite("Credentials chain compared with boto3", .timeLimit(.minutes(15)))
struct IdentityTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "identities.py")
        .path

    /// The programs and tokens of the cases.
    private static func write(to folder: TemporaryFolder) throws {
        let lasting = #"{"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "p+/="}"#
        let ending =
            #"{"Version": 1, "AccessKeyId": "ASIAPROGRAM", "SecretAccessKey": "p", "SessionToken": "'$(echo "$1-$2" | tr " " _)'","#
            + #" "Expiration": "2999-01-01T00:00:00+00:00"}"#
        let programs = [
            "print-lasting": "echo '\(lasting)'",
            "print-untokened": "echo '\(lasting.replacing("}", with: #", "SessionToken": ""}"#))'",
            "print ending": "echo '\(ending)'",
            "fail": "echo no ticket >&2; exit 3", "other-version": #"echo '{"Version": 2}'"#,
        ]
        for (name, text) in programs {
            let path = try folder.write("#!/bin/sh\n\(text)\n", as: name)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try folder.write("header.claims+/==.signature", as: "token")
    }

    private static func environment(
        of identity: IdentityCase, number: Int, port: String, in folder: TemporaryFolder
    ) throws -> [String: String] {
        func filled(_ text: String) -> String {
            text.replacing("PORT", with: port).replacing("FOLDER", with: folder.path)
        }
        var environment = [
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "HOME": folder.path("home"),
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:\(port)",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(port)/",
        ]
        for (name, text) in identity.environment { environment[name] = text == "UNSET" ? nil : filled(text) }
        environment["AWS_CONFIG_FILE"] = try folder.write(filled(identity.config), as: "config-\(number)")
        environment["AWS_SHARED_CREDENTIALS_FILE"] = try folder.write(
            filled(identity.credentials), as: "credentials-\(number)")
        return environment
    }

    /// The resulting credentials: ID, secret and token, or the error message.
    private static func identity(
        _ environment: [String: String], _ http: HTTPClient, _ loop: EventLoop
    ) async throws -> Result<[String], CredentialsError> {
        let settings: AWSSettings
        do {
            settings = try AWSSettings(environment: environment)
        } catch {
            return .failure(CredentialsError("\(error.place): \(error.description)"))
        }
        let client = AWSClient(
            http: http, credentials: NoCredentials(), endpoints: settings.endpoints,
            retry: RetryPolicy(maximumAttempts: 1), pacer: Pacer(), random: { 1 },
            clock: AWSClock(sleep: { _ in }))
        let chain = CredentialsChain(
            settings: settings, client: client, transport: http, loop: loop, region: try #require(settings.region),
            sessionName: AWSSettings.sessionName(hostName: "machine"))
        do throws(CredentialsError) {
            let found = try await chain.credentials()
            return .success([found.accessKeyID, found.secretAccessKey, found.sessionToken ?? ""])
        } catch {
            return .failure(error)
        }
    }

    @Test("the same variables and files give the same identity as boto3")
    func identities() async throws {
        try await withPythonServer(try String(contentsOfFile: Self.script, encoding: .utf8), ["serve"]) { port in
            let folder = try TemporaryFolder()
            try Self.write(to: folder)
            let environments = try IdentityCase.all.enumerated().map {
                try Self.environment(of: $1, number: $0, port: port, in: folder)
            }
            let given = JSON.array(environments.map { JSON(texts: $0) }).serialized()
            let text = try await Program.python(
                try String(contentsOfFile: Self.script, encoding: .utf8), ["boto3", port], input: given)
            let expected = try #require(try JSON(parsing: Array(text.utf8)).array)
            try #require(expected.count == environments.count)
            try await withEventLoop { loop in
                var configuration = HTTPClient.Configuration()
                configuration.connectTo = ["169.254.170.2:80:127.0.0.1:\(port)"]
                let http = try await HTTPClient(loop: loop, configuration: configuration)
                try await withCleanup {
                    for (index, environment) in environments.enumerated() {
                        let identity = try await Self.identity(environment, http, loop)
                        Self.compare(identity, expected[index], IdentityCase.all[index])
                    }
                } cleanup: {
                    await http.shutdown()
                }
            }
        }
    }

    private static func compare(
        _ ours: Result<[String], CredentialsError>, _ boto3: JSON, _ identity: IdentityCase
    ) {
        let words = boto3.array?.compactMap(\.string) ?? []
        switch ours {
        case .success(let found):
            #expect(found == words, "\(identity.name)")
            #expect(identity.rejection == nil, "\(identity.name)")
        case .failure(let error):
            #expect(words.count == 1, "\(identity.name): boto3 has \(words), we \(error)")
            let rejection = identity.rejection ?? "credentials expected"
            #expect(error.description.contains(rejection), "\(identity.name): \(error)")
        }
    }
}
