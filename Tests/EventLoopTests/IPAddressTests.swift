import EventLoop
import Testing

@Suite("IPAddress")
struct IPAddressTests {
    @Test(
        "addresses are parsed and formatted",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::1", "::1"),
            ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ])
    func texts(text: String, written: String) {
        #expect(IPAddress(text)?.description == written)
    }

    @Test(
        "any other text is rejected",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", "localhost", "::g", "fe80::1%lo", "[::1]",
        ])
    func rejected(text: String) { #expect(IPAddress(text) == nil) }

    @Test("bytes are in network order")
    func bytes() {
        #expect(IPAddress([192, 0, 2, 1] as [UInt8]) == IPAddress("192.0.2.1"))
        #expect(IPAddress([0x20, 1] + [UInt8](repeating: 0, count: 13) + [7])?.description == "2001::7")
        #expect(IPAddress([1, 2, 3] as [UInt8]) == nil)
    }

    @Test(
        "a block contains the addresses with its prefix",
        arguments: [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.1.2", "::ffff:10.1.1.1"], ["11.0.0.0", "::10.0.0.1", "2001::1"]),
            ("192.0.2.7", ["192.0.2.7"], ["192.0.2.6"]), ("0.0.0.0/0", ["1.2.3.4"], ["2001::1"]),
            ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "1.2.3.4"]),
            ("::/0", ["2001::1", "1.2.3.4"], []), ("2001:db8:0:0:8000::/65", ["2001:db8::8000:0:0:1"], ["2001:db8::1"]),
        ])
    func blocks(text: String, members: [String], others: [String]) throws {
        let block = try #require(AddressBlock(text))
        for member in members { #expect(block.contains(try #require(IPAddress(member))), "\(member)") }
        for other in others { #expect(!block.contains(try #require(IPAddress(other))), "\(other)") }
        #expect(AddressBlock(block.description) == block)
    }

    @Test(
        "an invalid block is rejected",
        arguments: [
            "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.1/8", "::1/64", "::/129", "x/8",
        ])
    func rejectedBlocks(text: String) { #expect(AddressBlock(text) == nil) }
}
