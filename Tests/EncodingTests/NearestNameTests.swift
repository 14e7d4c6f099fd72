import Testing

@testable import Encoding

@Suite("Suggestions of names")
struct NearestNameTests {
    @Test(
        "the nearest name within two edits is suggested",
        arguments: [
            ("severty", "severity"), ("SEVERITY", "severity"), ("serevity", "severity"), ("severities", nil),
            ("tite", "title"),
            ("ttile", "title"), ("di", "id"), ("ix", "id"), ("ud", "id"), ("xy", nil), ("", nil), ("steps", nil),
            (String(repeating: "severity", count: 9), nil),
        ] as [(String, String?)])
    func nearest(name: String, expected: String?) {
        #expect(NearestName.of(name, among: ["title", "severity", "id"]) == expected)
    }

    @Test("of equally near names the first is suggested")
    func ties() { #expect(NearestName.of("map5", among: ["map1", "map2"]) == "map1") }

    @Test(
        "edits are counted",
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "ab", 2), ("ab", "ba", 1), ("abc", "ca", 3), ("kitten", "sitting", 3),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(Array(left.utf8), Array(right.utf8)) == expected)
    }
}
