import Foundation
import TestSupport
import Testing

@testable import SNS

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
}
