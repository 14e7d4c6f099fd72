import AWSCore
import EventLoop
import Foundation
import HTTPServer
import HTTPTypes
import JSON
import LocalAWS
import Synchronization

/// A stand-in for the APIs of AWS STS, AWS IoT's audits and AWS Security Hub that costs little beside the measured
/// program: it serves prepared bytes, keeps findings as bytes and verifies no signatures, while ``LocalAWS`` is strict.
final class PreparedAWS: Sendable {
    struct Configuration: Sendable {
        /// Whether requests over the documented rates are throttled.
        var throttles = false
        /// The latency of each response.
        var responseDelay = Duration.zero
        /// Whether findings are kept; otherwise they are only counted.
        var keepsFindings = true
    }

    /// The account of the process's own credentials.
    static let account: AccountID = {
        guard let account = AccountID("111122223333") else { preconditionFailure("the account is well-formed") }
        return account
    }()

    /// The Region of all accounts.
    static let region: Region = {
        guard let region = Region("us-east-1") else { preconditionFailure("the Region is well-formed") }
        return region
    }()

    /// The environment variables that make AWS's own clients use the stand-in.
    let environment: [String: String]
    private let server: HTTPServer
    private let content: PreparedContent

    /// - Parameter loop: the event loop; stop the stand-in before shutting it down.
    init(loop: EventLoop, configuration: Configuration = Configuration()) async throws {
        let content = PreparedContent(
            throttle: configuration.throttles ? Throttle() : nil, keepsFindings: configuration.keepsFindings)
        guard let address = SocketAddress("127.0.0.1:0") else { preconditionFailure("the address is well-formed") }
        var settings = HTTPServer.Configuration(address: address)
        settings.limits.body = 6 * 1024 * 1024
        server = try await HTTPServer(on: loop, configuration: settings) { [delay = configuration.responseDelay] in
            if delay > .zero { try? await loop.sleep(for: delay) }
            return content.respond(to: $0)
        }
        self.content = content
        environment = [
            "AWS_ENDPOINT_URL": "http://\(server.address)", "AWS_ACCESS_KEY_ID": PreparedCaller.key(of: Self.account),
            "AWS_SECRET_ACCESS_KEY": "not-verified", "AWS_REGION": Self.region.name,
            "AWS_DEFAULT_REGION": Self.region.name,
        ]
    }

    func stop() async { await server.drain(within: .seconds(1)) }

    /// Adds an audit.
    func add(_ audit: PreparedAudit) { content.state.withLock { $0.audits[audit.task.id] = audit } }

    /// The number of calls of an operation, including throttled ones.
    func calls(of operation: LocalAWS.Operation) -> Int { content.state.withLock { $0.calls[operation] ?? 0 } }

    /// The number of imported findings of all accounts, counting those again that were imported again.
    var importedFindings: Int { content.state.withLock { $0.hubs.values.reduce(0) { $0 + $1.count } } }

    /// The findings of an account, in no order.
    func findings(of account: AccountID = account) -> [[UInt8]] {
        content.state.withLock { $0.hubs[account].map { Array($0.findings.values) } ?? [] }
    }
}

/// The account and the service of a request, by the scope of its signature.
struct PreparedCaller {
    let account: AccountID
    let service: Substring

    /// An access key that names its account.
    static func key(of account: AccountID) -> String { "AKIA\(account.digits)" }

    /// Nil if the request is not signed with such a key.
    init?(_ authorization: String?) {
        guard let start = authorization?.range(of: "Credential=")?.upperBound,
            let scope = authorization?[start...].split(separator: "/", maxSplits: 5), scope.count > 4,
            let account = AccountID(scope[0].dropFirst(4))
        else { return nil }
        self.account = account
        service = scope[3]
    }
}
