import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("Known field names")
struct KnownFieldNamesTests {
    @Test(
        "a cached name equals a new one, letter by letter",
        arguments: ["Host", "host", "Content-Length", "x-amz-sns-message-type", "X-Forwarded-For"])
    func known(text: String) {
        let name = KnownFieldNames.find(Array(text.utf8)[...])
        #expect(name == HTTPField.Name(text))
        #expect(name?.rawName == text)
    }

    @Test("other names are not cached", arguments: ["", "HOST", "Hos", "Hosts", "Content-Typo", "x", "\u{E9}"])
    func unknown(text: String) { #expect(KnownFieldNames.find(Array(text.utf8)[...]) == nil) }
}
