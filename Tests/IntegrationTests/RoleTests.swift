import AWSCore
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Roles", .timeLimit(.minutes(15)))
    struct Roles {
        @Test("without a role for an account, the bridge sends no requests for it, and its deliveries wait")
        func missing() async throws {
            let other = try #require(AccountID("444455556666"))
            try await IntegrationEnvironment.run {
                $0.credentials.append(
                    .init(accessKeyID: "AKIAOTHEREXAMPLE", secretAccessKey: "of-no-use-here", account: other))
            } _: { world in
                let topics = "\(world.topics.audit),\(world.topics.detect)=\(other)"
                let accountRegion = AccountRegion(account: other, region: world.accountRegion.region)
                let settings = ["sns.topics": topics, "catchUp.interval": "1h"]
                let bridge = try await world.start(settings)
                try await world.subscribe(bridge, to: world.topics.detect)
                try await world.publish(try Alarms.make(0..<2, from: world.scenario()), to: world.topics.detect)
                let status = try await eventually("the missing role in status.json") {
                    try await Client.exchange(.get("/status.json"), with: bridge.admin).json
                } is: {
                    $0["denied"]?.array?.contains { $0["account"]?.string == other.digits } == true
                }
                let problem = try #require(
                    status["health"]?["problems"]?.array?.first { $0["cause"] == "no_credentials" })
                #expect(problem["affected"]?.array?.map { $0["account"]?.string } == [other.digits])
                let summary = try #require(problem["summary"]?.string)
                let place = "account \(other) in \(accountRegion.region)"
                #expect(summary.hasPrefix("No usable AWS credentials for \(place): "), "\(summary)")
                #expect(summary.contains("no role configured for account 444455556666"), "\(summary)")
                #expect(
                    try await bridge.metric(
                        "defender_bridge_account_denied{account=\"\(other)\",region=\"\(accountRegion.region)\"}") == 1)
                // No finding is imported into either account.
                #expect(
                    world.aws.findings(in: accountRegion).isEmpty && world.aws.findings(in: world.accountRegion).isEmpty
                )
                #expect(world.aws.calls(of: .batchImportFindings) == 0)
                #expect(try await bridge.queue().dead == 0)
                try await bridge.stop()

                let next = try await world.start(settings.merging(["aws.roleName": "Bridge"]) { _, last in last })
                try await world.waitForFindings(
                    [0, 1].map { Alarms.findingID($0, in: accountRegion) }, in: accountRegion)
                #expect(try await next.queue().dead == 0)
            }
        }
    }
}
