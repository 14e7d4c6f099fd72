import AWSClient
import Testing

@Suite("Credentials")
struct CredentialsTests {
    @Test("printing credentials never reveals a secret")
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
