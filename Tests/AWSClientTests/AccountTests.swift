import AWSCore
import HTTPClient
import HTTPTypes
import JSON
import Synchronization
import TestSupport
import Testing

@testable import AWSClient

/// A stand-in for AWS STS and Security Hub: issues a session per role, and records the calls.
private final class Organization: HTTPTransport {
    struct Call: Sendable, Hashable {
        let operation: String
        let signer: String
        let host: String
    }

    private let log = Mutex<[Call]>([])
    private let parameters = Mutex<[String]>([])
    private let denied = Mutex<Set<String>>([])
    private let time: SetClock

    init(_ time: SetClock) { self.time = time }

    var calls: [Call] { log.withLock { $0 } }
    var assumed: [String] { parameters.withLock { $0 } }
    func deny(_ role: String) { denied.withLock { _ = $0.insert(role) } }

    func send(_ request: HTTPRequest, body: [UInt8], signing: RequestSigning?) async throws(HTTPClientError)
        -> (response: HTTPResponse, body: [UInt8])
    {
        let text = String(decoding: body, as: UTF8.self)
        let host = request.authority ?? ""
        let action = text.firstMatch(of: #/Action=(\w+)/#).map { String($0.1) } ?? "GetFindings"
        log.withLock { $0.append(Call(operation: action, signer: signing?.accessKeyID ?? "", host: host)) }
        switch action {
        case "GetCallerIdentity":
            return Self.response(
                "<Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>A</UserId><Account>111122223333</Account>")
        case "AssumeRole":
            parameters.withLock { $0.append(text) }
            let account = text.firstMatch(of: #/iam%3A%3A(\d+)/#).map { String($0.1) } ?? ""
            guard !denied.withLock({ $0.contains(account) }) else {
                return (
                    HTTPResponse(status: .forbidden),
                    Array("<Error><Code>AccessDenied</Code><Message>not authorized</Message></Error>".utf8)
                )
            }
            return Self.response(
                "<AccessKeyId>ASIA\(account)</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                    + "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>")
        default: return (HTTPResponse(status: .ok), Array(#"{"Findings": []}"#.utf8))
        }
    }

    private static func response(_ text: String) -> (response: HTTPResponse, body: [UInt8]) {
        (HTTPResponse(status: .ok), Array("<R>\(text)</R>".utf8))
    }
}

@Suite("Accounts")
struct AccountTests {
    private static let own = "111122223333"

    private func accounts(
        _ organization: Organization, _ time: SetClock, _ roles: AccountRoles
    ) throws -> AccountClients {
        let client = AWSClient(
            http: organization, credentials: NoCredentials(), endpoints: try Endpoints(),
            retry: RetryPolicy(maximumAttempts: 1), pacer: Pacer(), random: { 1 }, clock: time.clock)
        return AccountClients(
            clients: [client],
            credentials: AWSClientTests.FixedCredentials(
                result: .success(Credentials(accessKeyID: "AKIAOWN", secretAccessKey: "s"))),
            roles: roles, region: try #require(Region("eu-central-1")), sessionName: "defender-bridge-m1")
    }

    private func accountRegion(_ account: String, _ region: String = "us-east-1") throws -> AccountRegion {
        AccountRegion(account: try #require(AccountID(account)), region: try #require(Region(region)))
    }

    private func get(_ accounts: AccountClients, _ accountRegion: AccountRegion) async throws {
        _ = try await accounts.client(for: accountRegion).getFindings(filters: [:], region: accountRegion.region)
    }

    @Test("Requests for an account are signed by its role, which is assumed once at the STS of the default Region")
    func roles() async throws {
        let time = SetClock()
        let organization = Organization(time)
        var roles = AccountRoles()
        roles.roles[try accountRegion("444455556666").account] = "arn:aws:iam::444455556666:role/x/Bridge"
        roles.externalID = "ext+1"
        let accounts = try accounts(organization, time, roles)
        for region in ["us-east-1", "eu-west-1", "us-east-1"] {
            try await get(accounts, accountRegion("444455556666", region))
        }
        #expect(
            organization.calls == [
                .init(operation: "AssumeRole", signer: "AKIAOWN", host: "sts.eu-central-1.amazonaws.com"),
                .init(
                    operation: "GetFindings", signer: "ASIA444455556666", host: "securityhub.us-east-1.amazonaws.com"),
                .init(
                    operation: "GetFindings", signer: "ASIA444455556666", host: "securityhub.eu-west-1.amazonaws.com"),
                .init(
                    operation: "GetFindings", signer: "ASIA444455556666", host: "securityhub.us-east-1.amazonaws.com"),
            ])
        let asked = try #require(organization.assumed.first)
        #expect(asked.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Fx%2FBridge"))
        #expect(asked.contains("ExternalId=ext%2B1") && asked.contains("RoleSessionName=defender-bridge-m1"))
    }

    @Test("Accounts and Regions are spread over the loops in turn, stay there, and share the account's role")
    func loops() async throws {
        let time = SetClock()
        let organization = Organization(time)
        var roles = AccountRoles()
        roles.name = "Bridge"
        let single = try accounts(organization, time, roles)
        try await withEventLoop { loop in
            let accounts = AccountClients(
                clients: [single.own, single.own.on(loop, sendingBy: organization)],
                credentials: AWSClientTests.FixedCredentials(
                    result: .success(Credentials(accessKeyID: "AKIAOWN", secretAccessKey: "s"))),
                roles: roles, region: single.region, sessionName: "test")
            let accountRegions = [
                try accountRegion("444455556666"), try accountRegion("444455556666", "eu-west-1"),
                try accountRegion("777788889999"),
            ]
            for _ in 1...2 {
                let isOnLoop = accountRegions.map { accounts.client(for: $0).clock.executor === loop }
                #expect(isOnLoop == [false, true, false])
            }
            await withTaskGroup { group in
                for accountRegion in accountRegions.prefix(2) {
                    group.addTask { try? await get(accounts, accountRegion) }
                }
            }
            let operations = organization.calls.map(\.operation)
            #expect(operations.count { $0 == "GetCallerIdentity" } == 1)
            #expect(operations.count { $0 == "AssumeRole" } == 1)
            #expect(operations.count { $0 == "GetFindings" } == 2)
            await accounts.close()
        }
    }

    @Test("The own account needs no role, others use the role with the configured name in their partition")
    func name() async throws {
        let time = SetClock()
        let organization = Organization(time)
        var roles = AccountRoles()
        roles.name = "Bridge"
        let accounts = try accounts(organization, time, roles)
        try await get(accounts, accountRegion(Self.own))
        try await get(accounts, accountRegion("777788889999"))
        try await get(accounts, accountRegion("444455556666", "cn-north-1"))
        #expect(
            organization.calls.map(\.signer) == [
                "AKIAOWN", "AKIAOWN", "AKIAOWN", "ASIA777788889999", "AKIAOWN", "ASIA444455556666",
            ])
        #expect(organization.calls.count { $0.operation == "GetCallerIdentity" } == 1)
        #expect(organization.assumed.last?.contains("arn%3Aaws-cn%3Aiam%3A%3A444455556666%3Arole%2FBridge") == true)
    }

    @Test("No request is sent for another account without a role")
    func noRole() async throws {
        let time = SetClock()
        let organization = Organization(time)
        var some = AccountRoles()
        some.roles[try accountRegion("444455556666").account] = "arn:aws:iam::444455556666:role/Bridge"
        for roles in [AccountRoles(), some] {
            let accounts = try accounts(organization, time, roles)
            try await get(accounts, accountRegion(Self.own))
            let before = organization.calls
            let error = try await failure { try await get(accounts, accountRegion("777788889999")) }
            #expect(error.kind == .noCredentials && error.stage == .credentials && error.consequence == .suspend)
            #expect(error.description.contains("no role configured for account 777788889999"))
            #expect(error.description.contains("Add a role of account 777788889999 to aws.roles, or set aws.roleName."))
            // The account of the credentials was known.
            #expect(organization.calls == before && before.last?.operation == "GetFindings")
            #expect(try await accounts.lacksRole(for: accountRegion("777788889999")))
            #expect(try await !accounts.lacksRole(for: accountRegion(Self.own)))
            #expect(try await !accounts.lacksRole(for: accountRegion("444455556666")) == !roles.isEmpty)
        }
        #expect(
            organization.calls.map(\.operation) == [
                "GetCallerIdentity", "GetFindings", "GetCallerIdentity", "GetFindings",
            ])
    }

    @Test("A role that cannot be assumed affects its own account only, and the error has the remediation")
    func denied() async throws {
        let time = SetClock()
        let organization = Organization(time)
        organization.deny("444455556666")
        var roles = AccountRoles()
        roles.name = "Bridge"
        let accounts = try accounts(organization, time, roles)
        let error = try await failure { try await get(accounts, accountRegion("444455556666")) }
        #expect(error.kind == .accessDenied)
        #expect(
            error.description.contains(
                "cannot assume role arn:aws:iam::444455556666:role/Bridge: access denied: not authorized"))
        #expect(error.description.contains("Allow sts:AssumeRole to the bridge's identity"))
        try await get(accounts, accountRegion("777788889999"))
    }

    @Test(
        "A role's ARN is parsed to its account",
        arguments: [
            ("arn:aws:iam::111122223333:role/r", "111122223333"),
            ("arn:aws-us-gov:iam::111122223333:role/a/b/r-1_=,.@+", "111122223333"),
            ("arn:aws:iam::111122223333:user/r", nil), ("arn:aws:iam:us-east-1:111122223333:role/r", nil),
            ("arn:aws:iam::11112222333:role/r", nil), ("arn:aws:iam::111122223333:role/", nil),
            ("arn:aws:iam::111122223333:role/a//b", nil), ("arn:aws:iam::111122223333:role/r r", nil),
            ("arn:x:iam::111122223333:role/r", nil), ("", nil),
        ] as [(String, String?)])
    func roleARN(text: String, account: String?) {
        #expect(AccountRoles.account(ofRole: text)?.digits == account)
    }
}
