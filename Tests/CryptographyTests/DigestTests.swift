import Cryptography
import Testing

@Suite("Digests")
struct DigestTests {
    @Test(
        "SHA-256 matches the examples of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(text: String, expected: String) {
        #expect(Digest.hexadecimal(Digest.sha256(Array(text.utf8))) == expected)
    }

    @Test(
        "HMAC matches the examples of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ])
    func hmac(key: [UInt8], message: String, expected: String) {
        #expect(Digest.hexadecimal(Digest.hmac(.sha256, key: key, message: Array(message.utf8))) == expected)
    }

    // RFC 2202, section 3
    @Test(
        "HMAC with SHA-1",
        arguments: [
            ([UInt8](repeating: 0x0B, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (Array("Jefe".utf8), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                [UInt8](repeating: 0xAA, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112"
            ),
        ])
    func hmacSHA1(key: [UInt8], message: String, expected: String) {
        let code = Digest.hmac(.sha1, key: key, message: Array(message.utf8))
        #expect(Digest.hexadecimal(code) == expected && code.count == SignatureDigest.sha1.length)
        #expect(Secret(key).hmac(.sha1, of: Array(message.utf8)).matches(code))
    }

    @Test("only equal secrets are equal, whatever their lengths")
    func constantTimeEqual() {
        #expect(Digest.constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(Digest.constantTimeEqual([], []))
        #expect(!Digest.constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!Digest.constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!Digest.constantTimeEqual([], [0]))
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...7 {
                #expect(!Digest.constantTimeEqual([first, second], Array("a secret".utf8)))
            }
        }
    }

    @Test("bytes are formatted as two lowercase digits each")
    func hexadecimal() {
        #expect(Digest.hexadecimal([0x00, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
        #expect(Digest.hexadecimal([]) == "")
        #expect(Digest.bytes(hexadecimal: "000fA0fF".utf8) == [0x00, 0x0F, 0xA0, 0xFF])
        for malformed in ["0", "0g", "0x00", " 0", "00 ", "é"] {
            #expect(Digest.bytes(hexadecimal: malformed.utf8) == nil, "\(malformed)")
        }
    }
}
