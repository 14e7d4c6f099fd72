import AWSClient
import Testing

@Suite("Credentials")
struct CredentialsTests {
    @Test("the three variables are read; the token may be missing or empty")
    func environment() async throws {
        var variables = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"]
        let all = try await EnvironmentCredentials(environment: variables).credentials()
        #expect(all == Credentials(accessKeyID: "id", secretAccessKey: "secret", sessionToken: "token"))
        variables["AWS_SESSION_TOKEN"] = ""
        let lasting = try await EnvironmentCredentials(environment: variables).credentials()
        #expect(lasting.sessionToken == nil)
    }

    @Test("a missing or empty variable is named", arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
    func missing(name: String) async throws {
        for value in [nil, ""] {
            var variables = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"]
            variables[name] = value
            let provider = EnvironmentCredentials(environment: variables)
            let error = await #expect(throws: CredentialsError.self) { try await provider.credentials() }
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test("no way of printing credentials tells a secret")
    func printing() {
        var dumped = ""
        dump(credentials, to: &dumped)
        var nested = ""
        dump([credentials], to: &nested)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped, nested] {
            #expect(text.contains("AKIDEXAMPLE"))
            #expect(!text.contains("the-secret-key") && !text.contains("the-session-token"))
        }
    }
}
