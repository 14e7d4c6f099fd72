import Cryptography
import Encoding
import EventLoop
import FoundationEssentials
import HTTPServer
import HTTPTypes
import JSON
import Logging
import SQLiteStore
import Store
import Synchronization
import TestSupport
import Testing

@testable import Bridge
@testable import Intake

@Suite("Admission") struct AdmissionTests {
    private let stored: IntakeResult

    init() throws { stored = .stored(delivery("0", [:], of: try accountRegion())) }

    @Test("Requests are admitted up to the limit, and one more gets 503 immediately")
    func busy() async throws {
        try await withStore { store in
            let admission = Admission(store: store, maximumPending: 100, maximumRequests: 2, clock: { now })
            let (started, ended) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        _ = await admission.admit { _ in
                            started.continuation.yield()
                            for await _ in ended.stream {}
                            return .accepted(AcceptedDeliveries())
                        }
                    }
                }
                var iterator = started.stream.makeAsyncIterator()
                for _ in 0..<2 { await iterator.next() }
                let busy = await admission.admit { _ in stored }
                #expect(throws: Never.self) { try expectRejection(busy, 503, "overloaded") }
                ended.continuation.finish()
            }
            #expect(await admission.admit { _ in stored }.word == "stored")
            #expect(admission.current == 0)
        }
    }

    @Test("Several deliveries reserve capacity all or none, and unused capacity is released")
    func several() async throws {
        try await withStore { store async throws in
            let admission = Admission(store: store, maximumPending: 4, clock: { now })
            func add(_ ids: [String]) async -> String {
                await admission.admit { reserve in
                    guard reserve(ids.count) else { return .deferred(.queueFull) }
                    return await store.accept(ids.map { (delivery($0, [:], of: try! accountRegion()), nil) })
                }.word
            }
            #expect(await add(["1", "2"]) == "stored")
            #expect(await add(["3", "4", "5"]) == "queue_full")
            #expect(await add(["2", "1"]) == "duplicate")
            #expect(await add(["1", "3"]) == "stored")
            #expect(await add(["4", "5"]) == "queue_full")
            #expect(await add(["4"]) == "stored")
            #expect(try await store.queueStatus().pending == 4)
        }
        // An empty queue accepts more deliveries than its limit; otherwise they would be retried forever.
        try await withStore { store async throws in
            let admission = Admission(store: store, maximumPending: 2, clock: { now })
            let result = await admission.admit { $0(5) ? stored : .deferred(.queueFull) }
            expectAccepted(result, .stored)
        }
    }

    @Test("A full queue rejects deliveries until it has capacity again")
    func full() async throws {
        try await withStore { store in
            let time = Mutex(now)
            let admission = Admission(store: store, maximumPending: 3, clock: { time.withLock { $0 } })
            func add(_ id: String) async -> String {
                await admission.admit { _ in
                    await store.accept([(delivery(id, [:], of: try! accountRegion()), nil)])
                }.word
            }
            // Two were stored before.
            for id in ["1", "2"] { _ = try await store.append(delivery(id, [:], of: try accountRegion())) }
            #expect(await add("2") == "duplicate")
            #expect(await add("3") == "stored")
            #expect(await add("4") == "queue_full")
            let batch = try await store.lease(limit: 9, for: .seconds(9), owner: "test", now: now)
            // Leased deliveries count, too.
            time.withLock { $0 += 2000 }
            #expect(await add("4") == "queue_full")
            for leased in batch.deliveries.prefix(2) { _ = try await store.complete([leased.lease], now: now) }
            #expect(await add("4") == "queue_full")
            time.withLock { $0 += 2000 }
            #expect(await add("4") == "stored")
            #expect(await add("5") == "stored")
            #expect(await add("6") == "queue_full")
        }
    }
}

@Suite("Listener configuration") struct ListenerTests {
    @Test(
        "Connections are limited by file descriptors, and a larger configured limit is rejected",
        arguments: [
            (nil, 1024, 768), (nil, 300, 150), (nil, 1_000_000, 16_384), (500, 1024, 500), (768, 1024, 768),
            (769, 1024, nil), (500_000, 1_000_000, 500_000),
        ] as [(Int?, Int, Int?)])
    func connections(wanted: Int?, limit: Int, expected: Int?) throws {
        guard let expected else {
            #expect(throws: ConfigurationError.self) {
                try ListenerConfiguration.connections(wanted, descriptorLimit: limit)
            }
            return
        }
        #expect(try ListenerConfiguration.connections(wanted, descriptorLimit: limit) == expected)
    }

    @Test("Durations in the access log have three decimal places")
    func accessLog() throws {
        #expect(AccessLog.milliseconds(.microseconds(1_234_567)) == "1234.567")
        #expect(AccessLog.milliseconds(.nanoseconds(5999)) == "0.005")
    }

    @Test(
        "A certificate that is not valid or expires soon causes a warning",
        arguments: [
            (0, 90, 30, nil), (0, 90, 75, nil), (0, 90, 77, "expires in 13 days"), (0, 90, 89, "expires in 24 hours"),
            (0, 90, 91, "certificate expired"), (10, 90, 5, "not valid yet"), (0, 6, 3, nil),
            (0, 6, 5, "expires in 24 hours"),
        ] as [(Int64, Int64, Int64, String?)])
    func expiry(from: Int64, to: Int64, now: Int64, expected: String?) {
        let warning = TLSCertificate.expiryWarning(
            notBefore: from * 86_400, notAfter: to * 86_400, now: now * 86_400)
        #expect((warning == nil) == (expected == nil))
        if let expected { #expect(warning?.contains(expected) == true, "\(warning ?? "")") }
    }
}

@Suite("TLSCertificate") struct TLSCertificateTests {
    private struct Pair {
        let certificate: [UInt8]
        let key: [UInt8]

        init(_ name: String, _ kind: PrivateKey.Kind = .p256, days: Int64 = 90) throws {
            let seconds = Int64(Date().timeIntervalSince1970)
            let validity = (seconds - 60)...(seconds + days * 86_400)
            let authority = try CertificateAuthority(
                commonName: "Test CA", validity: validity, key: PrivateKey(generating: .p256))
            let key = try PrivateKey(generating: kind)
            certificate = try authority.issue(commonName: name, dnsNames: [name], validity: validity, key: key).pem()
            self.key = try key.pem()
        }
    }

    private let folder: TemporaryFolder
    private let files: BridgeConfiguration.TLSFiles

    init() throws {
        folder = try TemporaryFolder()
        files = BridgeConfiguration.TLSFiles(certificate: folder.path("c.pem"), privateKey: folder.path("k.pem"))
        try write(Pair("first"))
    }

    private func write(_ pair: Pair) throws {
        try folder.write(pair.certificate, as: "c.pem")
        try folder.write(pair.key, as: "k.pem")
    }

    private func name(_ outcome: TLSCertificate.Outcome) -> String {
        switch outcome {
        case .unchanged: "unchanged"
        case .changing: "changing"
        case .replaced(let context): "replaced \(context.certificate.commonName ?? "")"
        case .failed: "failed"
        }
    }

    @Test("New files are loaded when they are unchanged for two polls, or immediately on reload")
    func replaced() throws {
        let tlsCertificate = try TLSCertificate(files)
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(name(tlsCertificate.poll(isSteady: false)) == "unchanged")
        try write(Pair("second", .rsa(bits: 2048)))
        #expect(name(tlsCertificate.poll(isSteady: true)) == "changing")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "replaced second")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        try write(Pair("third"))
        #expect(name(tlsCertificate.poll(isSteady: false)) == "replaced third")
        #expect(tlsCertificate.context.certificate.commonName == "third")
        #expect(tlsCertificate.warnings(now: Int64(Date().timeIntervalSince1970)) == [])
    }

    @Test("Unusable files are rejected once, and the certificate in use stays", arguments: ["key", "text", "gone"])
    func rejected(kind: String) throws {
        let tlsCertificate = try TLSCertificate(files)
        let now = Int64(Date().timeIntervalSince1970)
        let first = try folder.read("k.pem")
        switch kind {
        case "key": try folder.write(Pair("other").key, as: "k.pem")
        case "text": try folder.write("no key", as: "k.pem")
        default: try FileManager.default.removeItem(atPath: folder.path("k.pem"))
        }
        #expect(name(tlsCertificate.poll(isSteady: true)) == "changing")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "failed")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(name(tlsCertificate.poll(isSteady: false)) == "failed")
        #expect(tlsCertificate.context.certificate.commonName == "first")
        #expect(tlsCertificate.warnings(now: now).count == 1)
        #expect(tlsCertificate.warnings(now: now).first?.contains("listen.tls.") == true)
        try folder.write(first, as: "k.pem")
        #expect(name(tlsCertificate.poll(isSteady: true)) == "unchanged")
        #expect(tlsCertificate.warnings(now: now) == [])
    }

    @Test("Session ticket keys are rotated with the certificate in use, not with another")
    func tickets() throws {
        let tlsCertificate = try TLSCertificate(files)
        let before = tlsCertificate.context
        let fresh = try #require(try tlsCertificate.renewTickets())
        #expect(fresh !== before && tlsCertificate.context === fresh)
        try write(Pair("second"))
        #expect(try tlsCertificate.renewTickets() == nil)
    }

    @Test("A certificate that does not match its key prevents the start, with the reason")
    func mismatch() throws {
        try folder.write(Pair("other").key, as: "k.pem")
        let error = #expect(throws: ConfigurationError.self) { try TLSCertificate(files) }
        #expect(error?.key == "listen.tls.certificate")
        #expect(error?.problem.contains("does not match the first certificate") == true)
    }
}
