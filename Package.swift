// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: strictest language checks. `Tests/scripts/test.sh` makes warnings errors by an
/// environment variable, so that a newer compiler with new warnings still builds the package.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: Context.environment["WARNINGS_AS_ERRORS"] == nil ? .warning : .error),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// What `--version` reports of the build. deploy/packages/build.sh sets both variables.
let build: [CSetting] = ["COMMIT", "DATE"].map { name in
    .define("BRIDGE_BUILD_\(name)", to: "\"\(Context.environment["DEFENDER_BRIDGE_BUILD_\(name)"] ?? "")\"")
}

/// Files of the status page; scripts in the order in which they run.
let statusPage = [
    "index.html", "style.css", "tables.css", "text.js", "document.js", "controls.js", "contact.js", "health.js",
    "problems.js", "findings.js", "trend.js", "facts.js", "table.js", "accountRegion.js", "accountRegions.js",
    "sources.js", "actions.js", "payload.js", "deadLetters.js", "subscriptions.js", "events.js", "delivery.js",
    "page.js",
]

/// Mapping files that the program contains.
let mappings = [
    "alertmanager", "claroty-ctd", "claroty-xdome", "cloudwatch-alarm", "dragos", "dragos-cef", "nozomi",
]

let package = Package(
    name: "defender-bridge",
    products: [
        .executable(name: "defender-bridge", targets: ["defender-bridge"]),
        // For the packages Tests/Benchmarks and Tests/Fuzzing.
        .library(name: "HTTPServer", targets: ["HTTPServer", "EventLoop", "Cryptography"]),
        .library(name: "SNS", targets: ["SNS", "AWSCore"]),
        .library(name: "SourceMapping", targets: ["SourceMapping", "SecurityFindings", "JSON", "AWSCore", "Encoding"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CBuild", cSettings: build),
        .target(name: "ErrorCodes", swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "Encoding", swiftSettings: strict),
        .target(name: "AWSCore", swiftSettings: strict),
        .target(name: "EventLoop", dependencies: ["Encoding", "CLibuv"], swiftSettings: strict),
        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(
            name: "HTTPServer",
            dependencies: ["Encoding", "ErrorCodes", "EventLoop", "Cryptography", "JSON", httpTypes],
            swiftSettings: strict),
        .target(
            name: "HTTPClient", dependencies: ["Encoding", "EventLoop", "Cryptography", "CLibcurl", httpTypes],
            swiftSettings: strict),
        .target(
            name: "AWSClient", dependencies: ["Encoding", "HTTPClient", "EventLoop", "JSON", "AWSCore", httpTypes],
            swiftSettings: strict),
        .target(
            name: "SNS", dependencies: ["Encoding", "ErrorCodes", "JSON", "AWSCore", "Cryptography"],
            swiftSettings: strict),
        .target(name: "DeviceDefender", dependencies: ["Encoding", "JSON", "AWSCore"], swiftSettings: strict),
        .target(
            name: "SecurityFindings", dependencies: ["Encoding", "JSON", "AWSCore", "DeviceDefender", "Cryptography"],
            swiftSettings: strict),
        .target(
            name: "SourceMapping", dependencies: ["Encoding", "JSON", "AWSCore", "SecurityFindings"],
            swiftSettings: strict),
        .target(
            name: "Store", dependencies: ["Encoding", "AWSCore", "Compression", "Cryptography", deque],
            swiftSettings: strict),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "Encoding", "Store", "AWSCore", deque, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "PostgreSQLStore", dependencies: ["Encoding", "Store", "AWSCore", "EventLoop", "CLibpq", deque],
            swiftSettings: strict),
        .target(
            name: "Telemetry",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "EventLoop", coreMetrics, logging, metrics, serviceLifecycle,
            ], swiftSettings: strict),
        .target(
            name: "Planning",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "Cryptography", "DeviceDefender", "SecurityFindings", "SourceMapping",
                "Store",
            ],
            swiftSettings: strict),
        .target(
            name: "Processing",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "EventLoop", "DeviceDefender", "SecurityFindings", "Store", "AWSClient",
                "Telemetry",
                "Planning", "SourceMapping", coreMetrics, logging, metrics, serviceLifecycle,
            ], swiftSettings: strict),
        .target(
            name: "Intake",
            dependencies: [
                "Encoding", "ErrorCodes", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer", "SNS",
                "DeviceDefender", "SourceMapping",
                "Store", "Telemetry", httpTypes, coreMetrics, logging, metrics,
            ], swiftSettings: strict),
        .target(
            name: "Admin",
            dependencies: [
                "Encoding", "ErrorCodes", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer", "SNS",
                "DeviceDefender", "SecurityFindings",
                "Store", "AWSClient", "Telemetry", "Processing", "Intake", deque, httpTypes, logging,
                serviceLifecycle,
            ], resources: statusPage.map { .embedInCode("Page/\($0)") }, swiftSettings: strict),
        .target(
            name: "Bridge",
            dependencies: [
                "Encoding", "ErrorCodes", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer", "HTTPClient",
                "AWSClient",
                "SNS", "DeviceDefender", "SecurityFindings", "Store", "SQLiteStore", "PostgreSQLStore", "Telemetry",
                "Planning", "Processing", "Intake", "Admin", "SourceMapping", "CBuild", httpTypes, coreMetrics, logging,
                metrics, serviceLifecycle,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ], resources: mappings.map { .embedInCode("Mappings/\($0).yaml") }, swiftSettings: strict),

        .target(
            name: "LocalAWS",
            dependencies: [
                "Encoding", "HTTPServer", "HTTPClient", "EventLoop", "Cryptography", "JSON", "AWSCore", deque,
                httpTypes,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "defender-bridge",
            dependencies: [
                "Telemetry", "Admin", "Encoding", "Bridge", "LocalAWS", "EventLoop", "HTTPClient", "JSON", "AWSCore",
                "Store", httpTypes,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                logging,
            ], swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Encoding", "EventLoop", "CLibpq"], path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Telemetry", "Encoding", "Bridge", "LocalAWS", "HTTPClient", "HTTPServer", "EventLoop", "JSON",
                "AWSCore", "DeviceDefender", "SecurityFindings", "SourceMapping",
                "TestSupport",
                httpTypes,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                coreMetrics,
            ], path: "Tests/Benchmarks/Bridge", swiftSettings: strict),
        .testTarget(name: "EncodingTests", dependencies: ["Encoding", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "AWSCoreTests", dependencies: ["Encoding", "AWSCore"], swiftSettings: strict),
        .testTarget(
            name: "EventLoopTests", dependencies: ["Encoding", "EventLoop", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CryptographyTests", dependencies: ["Cryptography", "COpenSSL", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: [
                "Encoding", "HTTPServer", "ErrorCodes", "EventLoop", "Cryptography", "JSON", "TestSupport", httpTypes,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPClientTests", dependencies: ["Encoding", "HTTPClient", "EventLoop", "TestSupport", httpTypes],
            swiftSettings: strict),
        .testTarget(
            name: "AWSClientTests",
            dependencies: [
                "Encoding", "AWSClient", "HTTPClient", "EventLoop", "JSON", "AWSCore", "TestSupport", httpTypes,
            ],
            exclude: ["identities.py"], swiftSettings: strict),
        .testTarget(
            name: "SNSTests",
            dependencies: ["Encoding", "SNS", "ErrorCodes", "AWSCore", "JSON", "Cryptography", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "DeviceDefenderTests", dependencies: ["Encoding", "DeviceDefender", "JSON", "AWSCore"],
            swiftSettings: strict),
        .testTarget(
            name: "SecurityFindingsTests",
            dependencies: [
                "Encoding", "SecurityFindings", "DeviceDefender", "JSON", "AWSCore", "Cryptography", "TestSupport",
            ],
            exclude: ["validate_goldens.py"], resources: [.copy("Goldens")], swiftSettings: strict),
        .testTarget(
            name: "SourceMappingTests",
            dependencies: ["Encoding", "JSON", "AWSCore", "SecurityFindings", "SourceMapping", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Encoding", "Store", "SQLiteStore", "PostgreSQLStore", "AWSCore", "EventLoop", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LocalAWSTests",
            dependencies: [
                "Encoding", "LocalAWS", "HTTPServer", "HTTPClient", "EventLoop", "Cryptography", "JSON", "AWSCore",
                "TestSupport", httpTypes,
            ], exclude: ["aws_clients.py"], swiftSettings: strict),
        .target(
            name: "Fixtures",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "DeviceDefender", "SecurityFindings", "Store", "SQLiteStore",
                "Planning", "TestSupport",
            ], path: "Tests/Fixtures", swiftSettings: strict),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Encoding", "JSON", "DeviceDefender", "Telemetry", "Fixtures", "TestSupport", coreMetrics, logging,
                metrics,
            ], swiftSettings: strict),
        .testTarget(
            name: "PlanningTests",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "DeviceDefender", "SecurityFindings", "SourceMapping", "Store",
                "Planning",
                "Fixtures", "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "ProcessingTests",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "EventLoop", "HTTPServer", "HTTPClient", "AWSClient",
                "DeviceDefender", "SecurityFindings", "SourceMapping", "Store", "SQLiteStore", "Telemetry", "Planning",
                "Processing", "Admin", "Fixtures", "TestSupport", httpTypes, coreMetrics, logging,
                serviceLifecycle,
            ], swiftSettings: strict),
        .testTarget(
            name: "IntakeTests",
            dependencies: [
                "Encoding", "ErrorCodes", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer", "SNS", "Store",
                "SQLiteStore", "SourceMapping", "Planning", "Intake", "Fixtures", "TestSupport", httpTypes, logging,
            ], swiftSettings: strict),
        .testTarget(
            name: "AdminTests",
            dependencies: [
                "Encoding", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer", "HTTPClient",
                "AWSClient", "SNS", "Store", "Telemetry", "Processing", "Intake", "Admin", "Fixtures",
                "TestSupport", httpTypes, logging,
            ], swiftSettings: strict),
        .testTarget(
            name: "BridgeTests",
            dependencies: [
                "Encoding", "ErrorCodes", "JSON", "AWSCore", "EventLoop", "Cryptography", "HTTPServer",
                "AWSClient", "SNS", "DeviceDefender", "SecurityFindings", "Store", "SQLiteStore",
                "PostgreSQLStore", "Telemetry", "Planning", "Processing", "Intake", "Admin", "SourceMapping", "Bridge",
                "LocalAWS", "Fixtures", "TestSupport", httpTypes, coreMetrics, logging,
            ], exclude: ["InvalidMappings"], swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Planning", "Encoding", "Store", "SQLiteStore", "defender-bridge", "Bridge", "Telemetry", "LocalAWS",
                "HTTPServer",
                "ErrorCodes",
                "EventLoop",
                "Cryptography",
                "JSON",
                "AWSCore", "TestSupport", httpTypes,
            ],
            exclude: [
                "Support/api_check.py", "Support/issue_token.py", "Support/moto_findings.py",
                "Support/send_by_boto3.py",
                "Support/schemathesis.toml", "Support/load.py", "Support/Deliver.java", "Support/clock_shim.c",
            ], swiftSettings: strict),
    ]
)

// Tests/scripts/sanitize.sh sets this: these tests concern the targets that handle memory and threads themselves. A
// build of all targets, once for each sanitizer, would take most of the time.
if Context.environment["DEFENDER_BRIDGE_SANITIZING"] != nil {
    var names: Set = ["EventLoopTests", "CryptographyTests", "HTTPServerTests"]
    // Targets are listed after those that they depend on.
    for target in package.targets.reversed() where names.contains(target.name) {
        for case .byNameItem(let name, _) in target.dependencies { names.insert(name) }
    }
    package.targets.removeAll { !names.contains($0.name) }
    package.products.removeAll { $0.name != "HTTPServer" }
    package.dependencies.removeAll { package in
        guard case .sourceControl(_, let location, _) = package.kind else { return false }
        return !location.hasSuffix("/swift-http-types")
    }
}
