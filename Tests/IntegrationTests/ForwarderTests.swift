import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// Real forwarders of syslog with the configurations of `deploy/docs/senders.md`.
    @Suite("Syslog forwarders", .timeLimit(.minutes(15)))
    struct Forwarders {
        /// A product that sends CEF lines, one after the other about the same finding.
        struct Product: Sendable, CustomTestStringConvertible {
            struct Line: Sendable {
                let text: String
                let state: String
                let severity: String
            }

            let source: String
            let finding: String
            let lines: [Line]

            var testDescription: String { source }

            private static let controller =
                "CEF:0|Claroty|CTD|4.10.0|Alert/Known Threat Alert|Known Threat Alert|10|CtdExternalId=47 "
                + #"CtdDeviceExternalId=Default CtdDestinationHost=EP-1002562 CtdMessage=Card "2" \\ Addr \= 255 "#
            private static let engineering = "CEF:0|Dragos|Platform|2|notification|New engineering connection|"

            static let claroty = Product(
                source: "claroty", finding: "Default/47",
                lines: [
                    Line(
                        text: "<14>1 2026-11-22T10:00:00Z Site syslog-Alert-Default - - - \(controller)"
                            + "CtdAlertStatus=Unresolved CtdResolvedAs=Unresolved",
                        state: "ACTIVE", severity: "CRITICAL"),
                    Line(
                        text: "<14>Nov 22 10:05:00 ctd-site \(controller)CtdAlertStatus=Resolved",
                        state: "ARCHIVED", severity: "CRITICAL"),
                ])
            static let dragos = Product(
                source: "dragos", finding: "48213",
                lines: [
                    Line(
                        text: "<134>Nov 22 10:00:06 sitestore \(engineering)3|externalId=48213 dhost=plc-press-2",
                        state: "ACTIVE", severity: "MEDIUM"),
                    Line(
                        text: "<134>Nov 22 10:09:06 sitestore \(engineering)4|externalId=48213 dhost=plc-press-2",
                        state: "ACTIVE", severity: "HIGH"),
                ])
        }

        @Test(
            "rsyslog posts CEF lines, also those that arrive while the bridge is down",
            arguments: [Product.claroty, .dragos])
        func rsyslog(product: Product) async throws {
            try await Self.run(product, SenderSection("rsyslog")) { world, section, bridge, address in
                let curl = try section.block("conf", 1, replacing: ["TOKEN": SenderSection.secret])
                let configuration = try section.block(
                    "conf", 0,
                    replacing: [
                        "https://bridge.example.com": "http://\(bridge)",
                        "/usr/local/bin/post-lines.sh": Paths.inPackage("deploy/senders/post-lines.sh"),
                        "/etc/rsyslog-claroty.curl": try world.folder.write(curl, as: "post.curl"),
                        "/var/log/defender-bridge-rejected.log": world.folder.path("rejected.log"),
                        "0.0.0.0": "127.0.0.1", "\"514\"": "\"\(try address.port)\"",
                        "resumeInterval=\"10\"": "resumeInterval=\"1\"", "claroty": product.source,
                    ])
                let file = try world.folder.write(
                    "global(workDirectory=\"\(world.folder.path)\")\n\(configuration)", as: "rsyslog.conf")
                return try RunningProgram(["/usr/sbin/rsyslogd", "-n", "-iNONE", "-f", file])
            } check: { world in
                let rejected = String(decoding: try world.folder.read("rejected.log"), as: UTF8.self)
                #expect(rejected.hasPrefix("Rejected with status 400: "), "\(rejected)")
            }
        }

        /// Where Tests/scripts/test.sh unpacks syslog-ng: Debian does not allow both it and rsyslog.
        private static let packages = Paths.inPackage(".build/packages")

        @Test(
            "syslog-ng posts CEF lines, also those that arrive while the bridge is down",
            .enabled(if: FileManager.default.fileExists(atPath: packages), "Tests/scripts/test.sh unpacks syslog-ng"),
            arguments: [Product.claroty, .dragos])
        func syslogNG(product: Product) async throws {
            try await Self.run(product, SenderSection("rsyslog")) { world, _, bridge, address in
                let configuration = try SenderSection("syslog-ng").block(
                    "conf", 0,
                    replacing: [
                        "https://bridge.example.com": "http://\(bridge)", "TOKEN": SenderSection.secret,
                        "0.0.0.0": "127.0.0.1", "port(514)": "port(\(try address.port))",
                        "time-reopen(10)": "time-reopen(1)",
                        "reliable(yes)": "reliable(yes) dir(\"\(world.folder.path)\")", "claroty": product.source,
                    ])
                let library = Self.packages + "/usr/lib/syslog-ng"
                return try RunningProgram(
                    [
                        Self.packages + "/usr/sbin/syslog-ng", "--foreground", "--no-caps",
                        "--cfgfile", try world.folder.write(configuration, as: "syslog-ng.conf"),
                        "--module-path", library + "/3.38", "--persist-file", world.folder.path("persist"),
                        "--control", world.folder.path("control"), "--pidfile", world.folder.path("pid"),
                    ], environment: ["LD_LIBRARY_PATH": library])
            }
        }

        /// Forwards the lines of a product: the second one arrives while the bridge is down.
        ///
        /// - Parameters:
        ///   - section: has the sources of the bridge.
        ///   - start: starts the forwarder; receives the addresses of the bridge and for the forwarder.
        ///   - check: runs after the first line has arrived.
        private static func run(
            _ product: Product, _ section: SenderSection,
            _ start: (IntegrationEnvironment, SenderSection, _ bridge: String, _ address: String) throws ->
                RunningProgram,
            check: (IntegrationEnvironment) throws -> Void = { _ in }
        ) async throws {
            try await IntegrationEnvironment.run { world in
                let (listen, address) = (try Client.freeAddress(), try Client.freeAddress())
                let first = try await section.startBridge(in: world, at: listen)
                let forwarder = try start(world, section, listen, address)
                world.keep(forwarder)
                try await eventually("the forwarder to listen") {
                    (try await Client.canConnect(to: address), forwarder.exit, forwarder.errorLines)
                } is: { canConnect, exit, errors in
                    try #require(exit == nil, "\(errors)")
                    return canConnect
                }
                // Neither holds up the next line.
                try await send(Array("<14>no message of the product".utf8), to: address)
                try await send(Array("<14>CEF:0|Acme|Guard|1|a|no UTF-8|1|msg=".utf8) + [0xFF], to: address)
                try await send(Array(product.lines[0].text.utf8), to: address)
                try await world.waitForFinding(product, line: 0)
                try check(world)

                try await first.stop()
                try await send(Array(product.lines[1].text.utf8), to: address)
                let second = try await section.startBridge(in: world, at: listen)
                try await world.waitForFinding(product, line: 1)
                #expect(try await second.queue().dead == 0)
                try await second.stop()
            }
        }

        /// Sends a line by TCP.
        private static func send(_ line: [UInt8], to address: String) async throws {
            try await onThread {
                let client = try Client(address)
                defer { client.close() }
                client.send(line + Array("\n".utf8))
            }
        }
    }
}

extension String {
    /// The port of an address.
    fileprivate var port: Substring { get throws { try #require(split(separator: ":").last) } }
}

extension IntegrationEnvironment {
    /// Waits until the finding of a product is as its line says.
    fileprivate func waitForFinding(_ product: IntegrationTests.Forwarders.Product, line: Int) async throws {
        let line = product.lines[line]
        try await waitForFinding("\(product.source)/\(product.finding)", line.state, severity: line.severity)
    }
}
