import AWSCore
import Encoding
import EventLoop
import HTTPClient
import HTTPTypes
import JSON

/// Fetches credentials by a plan.
struct CredentialsFetcher: Sendable {
    let transport: any MetadataTransport
    /// For calls of AWS STS; its own credentials are not used.
    let client: AWSClient
    /// Runs programs.
    let loop: EventLoop
    /// The Region of the AWS STS endpoint.
    let region: Region
    /// The default session name for assumed roles.
    let sessionName: String
    let readFile: @Sendable (String) -> [UInt8]?

    func fetch(_ plan: CredentialsPlan) async throws(CredentialsError) -> Credentials {
        switch plan {
        case .fixed(let credentials): return credentials
        case .role(let role, let source):
            let caller = client.using(FixedCredentials(try await fetch(source)))
            return try await roleCredentials(role) { () async throws(AWSError) in
                try await caller.assumeRole(role, sessionName: sessionName, region: region)
            }
        case .none(let error): throw error
        case .webIdentity(let role, let file):
            let token = try token(ofFile: file, "web identity token file \(file)")
            return try await roleCredentials(role) { () async throws(AWSError) in
                try await client.assumeRoleWithWebIdentity(
                    role, token: token, sessionName: sessionName, region: region)
            }
        case .process(let command): return try await run(command)
        case .container(let endpoint): return try await fetch(endpoint)
        case .instance(let endpoint): return try await fetch(endpoint)
        }
    }

    private func roleCredentials(
        _ role: RoleSettings, _ assume: () async throws(AWSError) -> Credentials
    ) async throws(CredentialsError) -> Credentials {
        do throws(AWSError) {
            return try await assume()
        } catch {
            throw CredentialsError("cannot assume role \(role.arn): \(error)", kind: error.kind)
        }
    }

    private func token(ofFile path: String, _ name: String) throws(CredentialsError) -> String {
        guard let text = readFile(path).flatMap({ String(validating: $0, as: UTF8.self) }) else {
            throw CredentialsError("cannot read \(name). Check its path and permissions.")
        }
        guard let token = KeyText.trimmed(text) else {
            throw CredentialsError("\(name) is empty. It is read again for the next request.")
        }
        return token
    }

    // MARK: Programs

    /// The time limit of a program, which may have to sign in.
    private static let programLimit = Duration.seconds(60)

    private func run(_ command: [String]) async throws(CredentialsError) -> Credentials {
        let name = command.first ?? ""
        func failure(_ reason: String) -> CredentialsError {
            CredentialsError("credential_process \(name) failed: \(reason)")
        }
        let ended: CompletedProcess
        do {
            ended = try await loop.run(program: command, within: Self.programLimit, maximumOutput: 65_536)
        } catch {
            throw failure(error.description)
        }
        guard ended.status == 0 else {
            // Its output may be secret; its standard error is meant to be read.
            let text = String(decoding: ended.errors.suffix(500), as: UTF8.self).filter { !$0.isNewline }
            throw failure("\(ended.status.map { "exit code \($0)" } ?? "killed by a signal"): \(text)")
        }
        guard let json = try? JSON(parsing: ended.output) else { throw failure("its output is not JSON") }
        guard json["Version"]?.integer == 1 else { throw failure("its Version is not 1") }
        guard let credentials = Self.credentials(json, token: "SessionToken") else {
            throw failure("AccessKeyId, SecretAccessKey or Expiration is missing or malformed")
        }
        return credentials
    }

    private static func credentials(_ json: JSON, token: String) -> Credentials? {
        var expiration: Timestamp?
        if let text = KeyText.trimmed(json["Expiration"]?.string) {
            guard let time = Timestamp(credentialsExpiration: text) else { return nil }
            expiration = time
        }
        return try? Credentials(
            id: json["AccessKeyId"]?.string, secret: json["SecretAccessKey"]?.string, token: json[token]?.string,
            expiration: expiration)
    }

    // MARK: Containers

    private func fetch(_ endpoint: ContainerEndpoint) async throws(CredentialsError) -> Credentials {
        let token: String?
        switch endpoint.token {
        case .text(let text): token = text
        case .file(let path): token = try self.token(ofFile: path, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE \(path)")
        case nil: token = nil
        }
        var reason = ""
        for attempt in 1...3 {
            if attempt > 1 { try await waitBeforeRetry() }
            do throws(HTTPClientError) {
                let result = try await transport.fetch(endpoint.request(token: token), timeout: .seconds(2))
                guard result.response.status == .ok else {
                    reason = "HTTP \(result.response.status.code)"
                    continue
                }
                if let json = try? JSON(parsing: result.body), let found = Self.credentials(json, token: "Token") {
                    return found
                }
                reason = "the response has no credentials"
            } catch {
                reason = error.message
            }
        }
        throw CredentialsError(
            "no credentials from the container credentials endpoint \(endpoint.endpoint): \(reason)", kind: .transient)
    }

    private func waitBeforeRetry() async throws(CredentialsError) {
        do { try await client.clock.sleep(.seconds(1)) } catch { throw CredentialsError("canceled", kind: .canceled) }
    }

    // MARK: Instances

    private static let rolePath = "/latest/meta-data/iam/security-credentials/"

    private func fetch(_ endpoint: InstanceEndpoint) async throws(CredentialsError) -> Credentials {
        func failure(_ reason: String, _ kind: AWSError.Kind = .transient) -> CredentialsError {
            CredentialsError(
                "no AWS credentials in environment variables or shared files, and none from the instance metadata service "
                    + "\(endpoint.endpoint): \(reason)", kind: kind)
        }
        let token: String
        do throws(HTTPClientError) {
            token = try await text(endpoint.tokenRequest, endpoint)
        } catch {
            throw failure(
                "\(error.message). Configure credentials; in a container on EC2, set the metadata hop limit to at least 2.",
                .noCredentials)
        }
        func document(_ path: String) async throws(CredentialsError) -> String {
            do throws(HTTPClientError) {
                return try await text(endpoint.request(path: path, token: token), endpoint)
            } catch {
                throw failure(error.message)
            }
        }
        let role = String(Substring(try await document(Self.rolePath)).trimmed)
        guard !role.isEmpty, role.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 && $0 != 0x3F }) else {
            throw failure("the instance has no IAM role", .noCredentials)
        }
        let result = try await document(Self.rolePath + role)
        guard let json = try? JSON(parsing: Array(result.utf8)),
            let found = Self.credentials(json, token: "Token"), found.sessionToken != nil, found.expiration != nil
        else { throw failure("the response has no credentials") }
        return extended(found)
    }

    /// During an outage of the metadata service AWS keeps accepting expired credentials; AWS's SDKs extend them, too.
    private func extended(_ credentials: Credentials) -> Credentials {
        let now = client.clock.present
        guard let expiration = credentials.expiration, expiration <= now + .seconds(60) else {
            return credentials
        }
        return Credentials(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
            sessionToken: credentials.sessionToken, expiration: now + .seconds(15 * 60))
    }

    private func text(_ request: HTTPRequest, _ endpoint: InstanceEndpoint) async throws(HTTPClientError) -> String {
        var failure = HTTPClientError(.other, "not requested")
        for _ in 0..<endpoint.attempts {
            do throws(HTTPClientError) {
                let result = try await transport.fetch(request, timeout: endpoint.timeout)
                if result.response.status == .ok, !result.body.isEmpty {
                    return String(decoding: result.body, as: UTF8.self)
                }
                failure = HTTPClientError(.other, "HTTP \(result.response.status.code) at \(request.path ?? "")")
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
