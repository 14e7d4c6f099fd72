import Encoding
import Foundation
package import JSON
import TestSupport
import Testing

/// Issues tokens that are signed by OpenSSL's command line, with the keys to verify them.
package final class TokenIssuer: Sendable {
    /// A key pair with its id and algorithm.
    package struct Key: Sendable {
        package let id: String
        package let algorithm: String
        fileprivate let file: String
        package let json: JSON
    }

    private static let created = Task { try await TokenIssuer() }

    package static var shared: TokenIssuer {
        get async throws { try await created.value }
    }

    private let folder: TemporaryFolder
    package let rsa: Key
    package let curve: Key

    private init() async throws {
        folder = try TemporaryFolder()
        let rsaFile = folder.path("rsa.pem")
        try await Program.openssl(["genrsa", "-out", rsaFile, "2048"])
        let modulus = try await Program.openssl(["rsa", "-in", rsaFile, "-noout", "-modulus"])
        let digits = modulus.split(separator: "=").last.map { $0.filter(\.isHexDigit) } ?? ""
        let numbers = digits.compactMap(\.hexDigitValue)
        let bytes = stride(from: 0, to: numbers.count, by: 2).map { UInt8(numbers[$0] << 4 | numbers[$0 + 1]) }
        rsa = Key(
            id: "rsa-1", algorithm: "RS256", file: rsaFile,
            json: ["kty": "RSA", "kid": "rsa-1", "n": .string(Self.base64URL(bytes)), "e": "AQAB", "use": "sig"])
        let curveFile = folder.path("ec.pem")
        try await Program.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", curveFile])
        try await Program.openssl(["ec", "-in", curveFile, "-pubout", "-outform", "DER", "-out", folder.path("ec.der")])
        let point = try folder.read("ec.der").suffix(64)
        curve = Key(
            id: "ec-1", algorithm: "ES256", file: curveFile,
            json: [
                "kty": "EC", "crv": "P-256", "kid": "ec-1", "x": .string(Self.base64URL(Array(point.prefix(32)))),
                "y": .string(Self.base64URL(Array(point.suffix(32)))), "alg": "ES256",
            ])
    }

    package static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    package static func set(_ keys: JSON...) -> [UInt8] { JSON.object(["keys": .array(keys)]).serialized() }

    /// Claims that are valid at a time, in seconds since 1970.
    package static func claims(_ changes: [String: JSON?] = [:], at seconds: Int64 = now.milliseconds / 1000) -> JSON {
        var claims: JSON.Members = [
            "iss": "https://issuer.example/", "aud": "bridge", "exp": .integer(seconds + 3600),
            "nbf": .integer(seconds - 10),
        ]
        for (name, value) in changes { claims[name] = value }
        return .object(claims)
    }

    package func token(_ claims: JSON = claims(), key: Key, header changes: [String: JSON?] = [:]) async throws
        -> String
    {
        var header: JSON.Members = ["alg": .string(key.algorithm), "kid": .string(key.id), "typ": "JWT"]
        for (name, value) in changes { header[name] = value }
        let parts = [JSON.object(header), claims].map { Self.base64URL($0.serialized()) }
        let signed = parts.joined(separator: ".")
        return signed + "." + Self.base64URL(try await sign(signed, key))
    }

    private func sign(_ text: String, _ key: Key) async throws -> [UInt8] {
        let base = UUID().uuidString
        let input = try folder.write(Array(text.utf8), as: base)
        let output = folder.path(base + ".sig")
        try await Program.openssl(["dgst", "-sha256", "-sign", key.file, "-out", output, input])
        let signature = try folder.read(base + ".sig")
        guard key.algorithm == "ES256" else { return signature }
        let text = try await Program.openssl(["asn1parse", "-inform", "DER", "-in", output])
        return text.split(separator: "\n").filter { $0.contains("INTEGER") }.flatMap { line -> [UInt8] in
            let digits = (line.split(separator: ":").last ?? "").compactMap(\.hexDigitValue)
            let number = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
            return [UInt8](repeating: 0, count: 32 - number.count) + number
        }
    }
}
