import Cryptography
import Foundation
import TestSupport
import Testing

@Suite("Public keys from numbers")
struct PublicKeyTests {
    private let folder: TemporaryFolder
    private let message = Array("header.payload".utf8)

    init() throws { folder = try TemporaryFolder() }

    private func bytes(hexadecimal text: some StringProtocol) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private func sign(_ key: String) async throws -> [UInt8] {
        let input = try folder.write(message, as: "message")
        try await Program.openssl(["dgst", "-sha256", "-sign", key, "-out", folder.path("signature"), input])
        return try folder.read("signature")
    }

    /// r and s of a signature by OpenSSL's command line.
    private func raw(_ signature: [UInt8]) async throws -> [UInt8] {
        let file = try folder.write(signature, as: "der")
        let text = try await Program.openssl(["asn1parse", "-inform", "DER", "-in", file])
        return text.split(separator: "\n").filter { $0.contains("INTEGER") }.flatMap { line -> [UInt8] in
            let number = bytes(hexadecimal: line.split(separator: ":").last ?? "")
            return [UInt8](repeating: 0, count: 32 - number.count) + number
        }
    }

    @Test("RSA signatures of OpenSSL's command line verify, and no others do")
    func rsa() async throws {
        let file = folder.path("rsa.pem")
        try await Program.openssl(["genrsa", "-out", file, "2048"])
        let modulus = try await Program.openssl(["rsa", "-in", file, "-noout", "-modulus"])
        let digits = try #require(modulus.split(separator: "=").last).filter(\.isHexDigit)
        let key = try PublicKey(rsaModulus: bytes(hexadecimal: digits), exponent: [1, 0, 1])
        let signature = try await sign(file)
        #expect(key.kind == .rsa)
        #expect(try key.verify(signature: signature, over: message))
        #expect(try !key.verify(signature: signature, over: message + [0]))
        #expect(try !key.verify(signature: Array(signature.dropLast()), over: message))
        #expect(try !key.verify(signature: [], over: message))
        var other = signature
        other[100] ^= 1
        #expect(try !key.verify(signature: other, over: message))
    }

    @Test("P-256 signatures of OpenSSL's command line verify as r and s, and no others do")
    func p256() async throws {
        let file = folder.path("ec.pem")
        try await Program.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file])
        try await Program.openssl(["ec", "-in", file, "-pubout", "-outform", "DER", "-out", folder.path("ec.der")])
        let point = Array(try folder.read("ec.der").suffix(64))
        let key = try PublicKey(p256X: Array(point.prefix(32)), y: Array(point.suffix(32)))
        #expect(key.kind == .p256)
        // One number in 256 has leading zeros, so that some of many signatures do.
        for _ in 0..<20 {
            let encoded = try await sign(file)
            let signature = try await raw(encoded)
            try #require(signature.count == 64)
            #expect(try key.verify(signature: signature, over: message))
            #expect(try !key.verify(signature: signature, over: message + [0]))
            #expect(try !key.verify(signature: encoded, over: message))
            #expect(try !key.verify(signature: Array(signature.reversed()), over: message))
        }
        #expect(try !key.verify(signature: [UInt8](repeating: 0, count: 64), over: message))
        #expect(try !key.verify(signature: [], over: message))
    }

    @Test("numbers that make an invalid or weak key are rejected")
    func rejected() throws {
        let modulus = [UInt8](repeating: 0xFF, count: 256)
        for (modulus, exponent): ([UInt8], [UInt8]) in [
            (Array(modulus.dropLast()), [1, 0, 1]), ([0] + modulus, [1, 0, 1]), ([], [3]), (modulus, []),
            (modulus, [1]),
            (modulus, [4]), (modulus, [0, 3]), (modulus, [1, 0, 0, 0, 0, 1]),
            ([UInt8](repeating: 0xFF, count: 1025), [1, 0, 1]), ([0x7F] + modulus.dropFirst(), [1, 0, 1]),
        ] {
            #expect(throws: CryptographyError.self) { try PublicKey(rsaModulus: modulus, exponent: exponent) }
        }
        let number = [UInt8](repeating: 1, count: 32)
        for (x, y) in [(number, number), ([], []), (number, Array(number.dropLast())), (number + [1], number)] {
            #expect(throws: CryptographyError.self) { try PublicKey(p256X: x, y: y) }
        }
    }
}
