import TestSupport
import Testing

extension IntegrationTests {
    @Suite("Hostile bodies", .timeLimit(.minutes(15)))
    struct HostileBodies {
        private static let length = 1_000_000

        /// One member whose name repeats the same two characters of two bytes each.
        private static func body(of characters: String) -> [UInt8] {
            let name = [UInt8](repeatElement(Array(characters.utf8), count: length / 4).joined())
            return Array(#"{"a"#.utf8) + name + Array(#"":1}"#.utf8)
        }

        @Test("four bodies of combining marks cost as much as others of their length, and delay no other request")
        func marks() async throws {
            try await IntegrationEnvironment.run { world in
                let bridge = try await world.start()
                func cost(of body: [UInt8]) async throws -> Double {
                    let before = try await bridge.metric("process_cpu_seconds_total")
                    for _ in 0..<4 {
                        let answer = try await Client.exchange(.sns(body), with: bridge.listen)
                        #expect(answer.status == 400)
                    }
                    return try await bridge.metric("process_cpu_seconds_total") - before
                }
                let (hostile, plain) = (Self.body(of: "\u{301}\u{323}"), Self.body(of: "\u{E9}\u{E8}"))
                let ratio = try await cost(of: hostile) / cost(of: plain)
                #expect(ratio < 4)

                let genuine = try await world.signedBody(of: "{}")
                for _ in 0..<4 {
                    let client = try Client(bridge.listen)
                    client.send(Request.sns(hostile).bytes)
                    client.close()
                }
                #expect(try await Client.exchange(.get("/healthz"), with: bridge.listen).status == 200)
                #expect(try await Client.exchange(.sns(genuine), with: bridge.listen).status == 200)
                try await bridge.stop()
            }
        }
    }
}
