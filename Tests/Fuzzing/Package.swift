// swift-tools-version: 6.2
import PackageDescription

/// A separate package, because programs with libFuzzer's main function link only under `Tests/scripts/fuzz.sh`.
let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(name: "defender-bridge", path: "../.."),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    ],
    targets: [
        fuzzer("FuzzRequestParser", library: "HTTPServer"),
        fuzzer("FuzzConnectionMachine", library: "HTTPServer"),
        fuzzer("FuzzSNSEnvelope", library: "SNS"),
        fuzzer("FuzzJSONPath", library: "SourceMapping"),
        fuzzer("FuzzEventPattern", library: "SourceMapping"),
        fuzzer("FuzzCEF", library: "SourceMapping"),
        fuzzer("FuzzMapping", library: "SourceMapping"),
    ]
)

/// A program with libFuzzer's main function instead of one of its own.
func fuzzer(_ name: String, library: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            .product(name: library, package: "defender-bridge"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ],
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
}
