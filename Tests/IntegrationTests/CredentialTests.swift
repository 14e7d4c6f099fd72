import AWSCore
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import TestSupport
import Testing

extension IntegrationTests {
    /// Missing credentials suspend processing, make no dead letters and need no restart.
    @Suite("Missing credentials", .timeLimit(.minutes(15))) struct CredentialTests {
        /// Waits until status.json reports a suspended account-Region, and checks that no delivery was dead-lettered.
        private func waitForSuspension(_ bridge: BridgeProcess, cause: String, reason: String) async throws {
            let denied = try await eventually("the suspension") {
                try await Client.exchange(.get("/status.json"), with: bridge.admin).json["denied"]?.array?.first
            } is: {
                $0 != nil
            }
            #expect(denied?["cause"]?.string == cause)
            #expect(denied?["reason"]?.string?.contains(reason) == true, "\(String(describing: denied))")
            #expect(try await bridge.metric(#"defender_bridge_dead_letters_total{reason="refused"}"#) == 0)
            let queue = try await bridge.queue()
            #expect(queue.dead == 0 && queue.pending + queue.leased == 1, "\(queue)")
        }

        private func publishOne(_ bridge: BridgeProcess, _ world: IntegrationEnvironment) async throws {
            try await world.subscribe(bridge, to: world.topics.detect)
            try await world.publish(try Alarms.make(0..<1, from: world.scenario()), to: world.topics.detect)
        }

        @Test(
            "A role that AWS STS temporarily denies suspends its account, which recovers automatically",
            arguments: ["ValidationError", "InvalidIdentityToken", "IDPCommunicationError"])
        func role(code: String) async throws {
            try await IntegrationEnvironment.run { world in
                world.aws.fail(.assumeRole, count: 1000, status: 400, code: code)
                let role = "\(world.accountRegion.account)=arn:aws:iam::\(world.accountRegion.account):role/bridge"
                let bridge = try await world.start(["aws.roles": role])
                try await publishOne(bridge, world)
                try await waitForSuspension(bridge, cause: "noCredentials", reason: code)
                world.aws.clearFaults()
                try await bridge.waitForCompletion(of: 1)
                try await world.waitForFindings([Alarms.findingID(0, in: world.accountRegion)])
                let status = try await Client.exchange(.get("/status.json"), with: bridge.admin)
                #expect(try status.json["denied"] == [])
                try await bridge.stop()
            }
        }

        @Test(
            "A rejected web identity token and an empty token file suspend processing",
            arguments: [("header.claims.signature", "InvalidIdentityToken"), ("\n", "is empty")])
        func webIdentity(token: String, reason: String) async throws {
            try await IntegrationEnvironment.run { world in
                let fault = """
                    <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
                    <Code>InvalidIdentityToken</Code><Message>Couldn't retrieve verification key from your identity \
                    provider</Message></Error><RequestId>r</RequestId></ErrorResponse>
                    """
                let sts = try await world.serve { _ in
                    ServerResponse(
                        status: .badRequest, headerFields: [.contentType: "text/xml"], body: Array(fault.utf8))
                }
                let bridge = try await world.start(environment: [
                    "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL_STS": "http://\(sts)",
                    "AWS_ROLE_ARN": "arn:aws:iam::\(world.accountRegion.account):role/eks",
                    "AWS_WEB_IDENTITY_TOKEN_FILE": try world.folder.write(token, as: "token"),
                ])
                try await publishOne(bridge, world)
                try await waitForSuspension(bridge, cause: "noCredentials", reason: reason)
                try await bridge.stop()
            }
        }

        @Test("Without credentials the bridge starts and suspends processing until a file provides them")
        func absent() async throws {
            try await IntegrationEnvironment.run { world in
                let path = world.folder.path + "/credentials"
                let bridge = try await world.start(environment: [
                    "AWS_ACCESS_KEY_ID": " ", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_CONFIG_FILE": path + "-none",
                ])
                try await publishOne(bridge, world)
                try await waitForSuspension(bridge, cause: "noCredentials", reason: "no AWS credentials")
                let keys = world.aws.endpointEnvironment
                _ = try world.folder.write(
                    """
                    [default]
                    aws_access_key_id = \(try #require(keys["AWS_ACCESS_KEY_ID"]))
                    aws_secret_access_key = \(try #require(keys["AWS_SECRET_ACCESS_KEY"]))
                    aws_session_token =
                    """, as: "credentials")
                try await bridge.waitForCompletion(of: 1)
                try await bridge.stop()
            }
        }

        @Test("Line breaks around keys in variables are ignored; inside, they end serve with exit code 78 and one line")
        func malformed() async throws {
            try await IntegrationEnvironment.run { world in
                let secret = try #require(world.aws.endpointEnvironment["AWS_SECRET_ACCESS_KEY"])
                let bridge = try await world.start(environment: ["AWS_SECRET_ACCESS_KEY": secret + "\r\n"])
                try await publishOne(bridge, world)
                try await bridge.waitForCompletion(of: 1)
                try await bridge.stop()
                let program = try RunningProgram(
                    [Paths.program, "serve"] + world.flags,
                    environment: world.environment.merging(["AWS_SECRET_ACCESS_KEY": "a\nb"]) { $1 })
                world.keep(program)
                #expect(try await program.waitForExit().0 == .init(status: 78, wasKilled: false))
                #expect(program.errorLines.count == 1, "\(program.errorLines)")
                #expect(program.errorLines.first?.contains("AWS_SECRET_ACCESS_KEY") == true)
            }
        }

        @Test("An unreachable endpoint and an endpoint that is not AWS's suspend processing", arguments: [false, true])
        func unreachable(hasPage: Bool) async throws {
            try await IntegrationEnvironment.run { world in
                let page = try await world.serve { _ in
                    ServerResponse(
                        status: .notFound, headerFields: [.contentType: "text/html"], body: Array("<html>".utf8))
                }
                let address = hasPage ? page : "127.0.0.1:9"
                let bridge = try await world.start(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": "http://\(address)"])
                try await publishOne(bridge, world)
                try await waitForSuspension(bridge, cause: "unreachable", reason: "AWS Security Hub")
                try await bridge.stop()
            }
        }
    }
}
