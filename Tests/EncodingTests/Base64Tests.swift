import Encoding
import Foundation
import TestSupport
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("bytes of every length round-trip")
    func roundTrip() {
        var generator = SeededGenerator(seed: 1)
        for length in 0..<70 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(Base64.decode(Data(bytes).base64EncodedString()) == bytes)
        }
    }

    @Test("only canonical encodings are decoded")
    func onlyOneForm() {
        let letters = Array("AQgw/+=-_ \n\u{E9}")
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? "A"
                })
            let expected = Data(base64Encoded: text).flatMap { $0.base64EncodedString() == text ? [UInt8]($0) : nil }
            #expect(Base64.decode(text) == expected, "\(text)")
        }
    }

    @Test("encoding equals Foundation's")
    func encoding() {
        var generator = SeededGenerator(seed: 5)
        for length in 0..<70 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let expected = Data(bytes).base64EncodedString()
            #expect(Base64.encode(bytes) == expected)
            let url = expected.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(Base64URL.encode(bytes) == url)
            #expect(Base64URL.decode(url.utf8) == bytes)
        }
    }

    @Test("only canonical encodings are decoded as base64url")
    func onlyOneURLForm() {
        let letters = Array("AQgw-_+/= \n\u{E9}")
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? "A"
                })
            let decoded = Base64URL.decode(text.utf8)
            let isAlphabetic = text.utf8.allSatisfy { !"+/= \n\u{E9}".utf8.contains($0) }
            let padded =
                text.replacing("-", with: "+").replacing("_", with: "/")
                + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
            let isCanonical = Data(base64Encoded: padded)?.base64EncodedString() == padded
            #expect((decoded != nil) == (isAlphabetic && isCanonical), "\(text)")
            if let decoded { #expect(Base64URL.encode(decoded) == text) }
        }
    }
}
