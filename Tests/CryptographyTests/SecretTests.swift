import Cryptography
import Testing

@Suite struct SecretTests {
    @Test("A secret matches only as a whole and is never printed")
    func secret() {
        let secret = Secret("pa55-wörd")
        #expect(secret.matches("pa55-wörd"))
        for other in ["", "pa55-wör", "pa55-wördx", "PA55-WÖRD"] { #expect(!secret.matches(other)) }
        var dumped = ""
        dump(["key": secret], to: &dumped)
        for shown in ["\(secret)", String(reflecting: secret), dumped, "\(Optional.some(secret) as Any)"] {
            #expect(!shown.contains("pa55") && !shown.contains("112"))
        }
    }
}
