import AWSCore
import Cryptography
import Encoding
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Signed items of a mapped source. Each opens a finding, and every third finding is closed by a second item.
enum MappedLoad {
    private static let secret = "0123456789abcdef0123456789abcdef"

    /// The arguments of a bridge with the source `plant`.
    static func arguments(_ world: IntegrationEnvironment) throws -> [String] {
        let mapping = """
            id: [$.id]
            time: {path: $.at, as: epochMillis}
            archivedWhen: {state: [closed]}
            severity: {path: $.state, map: {default: HIGH}}
            types: ["Unusual Behaviors/Device"]
            title: "Pump {$.id} runs dry"
            description: "Pump {$.id} runs dry"
            resources: [{type: Other, id: "{$.id}"}]
            """
        _ = try world.folder.write(Array(mapping.utf8), as: "plant.yaml")
        let sources = """
            sources:
              plant:
                mapping: ./plant.yaml
                webhook:
                  account: "\(world.accountRegion.account.digits)"
                  region: \(world.accountRegion.region.name)
                  auth:
                    hmac:
                      {algorithm: sha256, encoding: hex, header: x-sign, timestampHeader: x-time, idHeader: x-id,
                       signed: id.timestamp.body, tolerance: 1h, secret: \(secret)}
            """
        return ["--config", try world.folder.write(Array(sources.utf8), as: "plant-bridge.yaml")]
    }

    /// The requests about some findings, a closing one after the one that opens its finding.
    static func requests(_ numbers: Range<Int>) -> [Request] {
        let now = Int64(Date().timeIntervalSince1970)
        return numbers.flatMap { number in
            (isClosed(number) ? ["open", "closed"] : ["open"]).enumerated().map { index, state in
                let item: JSON = [
                    "id": .integer(number), "state": .string(state), "at": .integer((now - 10 + Int64(index)) * 1000),
                ]
                return request(item.serialized(), id: "\(number)-\(index)", now)
            }
        }
    }

    // A signed id, so that a request that is repeated because its response was lost is a duplicate.
    private static func request(_ body: [UInt8], id: String, _ now: Int64) -> Request {
        let code = Digest.hmac(.sha256, key: Array(secret.utf8), message: Array("\(id).\(now).".utf8) + body)
        let fields = ["x-id": id, "x-time": "\(now)", "x-sign": Digest.hexadecimal(code)]
        return Request("POST", "/webhooks/plant", fields, body: body)
    }

    /// Sends requests in any order, each until it is acknowledged with 200.
    static func post(_ requests: [Request], to address: String) async throws {
        try await withThrowingTaskGroup { group in
            for share in 0..<4 {
                group.addTask {
                    for (index, request) in requests.enumerated() where index % 4 == share {
                        while (try? await Client.exchange(request, with: address).status) != 200 {
                            try await Task.sleep(for: .milliseconds(10))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func isClosed(_ number: Int) -> Bool { number % 3 == 0 }

    /// Checks that Security Hub has each finding in the expected state.
    static func expectAll(_ numbers: Range<Int>, in world: IntegrationEnvironment) throws {
        let prefix = "arn:aws:defender-bridge:\(world.accountRegion.region.name):\(world.accountRegion.account.digits)"
        let pairs = world.aws.findings(in: world.accountRegion).map { ($0["Id"]?.string ?? "", $0) }
        let findings = Dictionary(pairs) { first, _ in first }
        for number in numbers {
            let finding = try #require(findings["\(prefix):plant/\(number)"], "lost: \(number)")
            #expect(finding["RecordState"]?.string == (isClosed(number) ? "ARCHIVED" : "ACTIVE"), "\(number)")
        }
    }
}
