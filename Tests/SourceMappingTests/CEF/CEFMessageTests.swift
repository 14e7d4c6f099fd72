import JSON
import Testing

@testable import SourceMapping

@Suite("CEF: messages")
struct CEFMessageTests {
    /// The extension of a message with this text after the header.
    private func fields(_ text: String) throws -> JSON? {
        try CEFMessage.decode("CEF:0|v|p|1|s|n|5|\(text)")["extension"]
    }

    @Test("a message becomes its header's fields and the object of its extension, all as strings")
    func complete() throws {
        let text =
            "CEF:0|Dragos|Platform|2|notification|PLC program download|4|"
            + "externalId=4711 src=10.0.0.1 shost=eng-1 msg=New program on PLC 7. Check it! cs1Label=tactic cs1=Impair Process"
        #expect(
            try CEFMessage.decode(text) == [
                "vendor": "Dragos", "product": "Platform", "version": "2", "signature": "notification",
                "name": "PLC program download", "severity": "4",
                "extension": [
                    "externalId": "4711", "src": "10.0.0.1", "shost": "eng-1", "msg": "New program on PLC 7. Check it!",
                    "cs1Label": "tactic", "cs1": "Impair Process",
                ],
            ])
    }

    @Test("the extension may be missing, with and without the last pipe, and at the end of a line")
    func noExtension() throws {
        let expected: JSON = [
            "vendor": "v", "product": "p", "version": "1", "signature": "s", "name": "n", "severity": "5",
            "extension": [:],
        ]
        for end in ["", "|", "| ", "|   ", "\n", "|\r\n", "\r\n\r\n", " | \n"] {
            #expect(try CEFMessage.decode("CEF:0|v|p|1|s|n|5\(end)") == expected, "\(end.debugDescription)")
        }
    }

    @Test("the header decodes escaped pipes and backslashes, drops spaces around fields and keeps empty fields")
    func header() throws {
        let json = try CEFMessage.decode(#"CEF:1| a\|b |c\\|\\\|d|x = y|\n|Very-High|"#)
        #expect(json["vendor"] == #"a|b"#)
        #expect(json["product"] == #"c\"#)
        #expect(json["version"] == #"\|d"#)
        #expect(json["signature"] == "x = y")
        #expect(json["name"] == #"\n"#)
        #expect(json["severity"] == "Very-High")
        #expect(try CEFMessage.decode("CEF:0||||||")["severity"] == "")
    }

    @Test("a value decodes escapes, and a backslash that begins no escape is kept")
    func escapes() throws {
        #expect(try fields(#"a=x\=y b=x\\y c=1\n2\r3"#) == ["a": "x=y", "b": #"x\y"#, "c": "1\n2\r3"])
        #expect(try fields(#"a=\\n b=\\\= c=\\\\"#) == ["a": #"\n"#, "b": #"\="#, "c": #"\\"#])
        #expect(try fields(#"p=C:\dir\ q=C:\Users r=\"#) == ["p": #"C:\dir\"#, "q": #"C:\Users"#, "r": #"\"#])
        #expect(try fields(#"a=x | y \| z"#) == ["a": #"x | y \| z"#])
        #expect(try fields(#"a=x b\=y"#) == ["a": "x b=y"])
        #expect(try fields(#"a=x \b=y"#) == ["a": #"x \b=y"#])
    }

    @Test("an unescaped equals sign that follows no key is part of the value")
    func equalsSigns() throws {
        #expect(
            try fields("request=https://h/?x=1&y=2 hash=YWI== act=a=b =c") == [
                "request": "https://h/?x=1&y=2", "hash": "YWI==", "act": "a=b =c",
            ])
        #expect(try fields("a== b=c") == ["a": "=", "b": "c"])
    }

    @Test("empty values are kept, and spaces around values are dropped")
    func spaces() throws {
        #expect(try fields("a= b= c=") == ["a": "", "b": "", "c": ""])
        #expect(try fields("  a=  x  y   b=z  ") == ["a": "x  y", "b": "z"])
        #expect(try fields("a=") == ["a": ""])
        #expect(try fields(#"a= \n "#) == ["a": "\n"])
    }

    @Test("tabs and line breaks in a value belong to it and separate no fields")
    func otherWhiteSpace() throws {
        #expect(try fields("a=x\tb=y\nc=z\r\nd e=1") == ["a": "x\tb=y\nc=z\r\nd", "e": "1"])
    }

    @Test("keys of ArcSight's connectors and of other senders are accepted")
    func keys() throws {
        let keys = ["c6a2Label", "_cefVer", "ad.field", "ad.field[0]", "ad.Error_,Code", "PanOSX-Forwarded-For", "0"]
        for key in keys {
            #expect(try fields("a=b \(key)=c d") == .object(["a": "b", UTF8Text(key): "c d"]), "\(key)")
        }
        for text in [".a", "-a", "é", "a/b", "a:b", "\"a\"", "a\u{301}"] {
            #expect(try fields("a=b \(text)=c") == ["a": .string("b \(text)=c")], "\(text)")
        }
    }

    @Test("of a key that occurs twice the last value counts")
    func duplicates() throws {
        #expect(try fields("a=1 b=2 a=3") == ["a": "3", "b": "2"])
        #expect(try fields("A=1 a=2") == ["A": "1", "a": "2"])
    }

    @Test("hostile values are plain text")
    func hostile() throws {
        let marks = "a" + String(repeating: "\u{301}\u{323}", count: 50_000)
        #expect(
            try fields("a=\u{202E}x\u{0} <b>&amp; b=\(marks)") == ["a": "\u{202E}x\u{0} <b>&amp;", "b": .string(marks)])
    }

    @Test("random fields survive writing by the rules of the format and decoding")
    func roundTrip() throws {
        for seed in 0..<2000 {
            var random = RandomCEF(seed: UInt64(seed))
            let message = random.message()
            #expect(
                try CEFMessage.decode(message.text) == message.json, "seed \(seed): \(message.text.debugDescription)")
        }
    }
}
