/// Where to get credentials, from environment variables and shared files: the first source that is configured, in the
/// order of AWS's SDK for Python. A pure value.
indirect enum CredentialsPlan: Sendable, Hashable {
    /// Keys from environment variables or a file.
    case fixed(Credentials)
    /// A role, assumed with other credentials.
    case role(RoleSettings, from: CredentialsPlan)
    /// A role, assumed with a token from a file, as on Amazon EKS.
    case webIdentity(RoleSettings, tokenFile: String)
    /// A program that prints credentials (`credential_process`).
    case process(command: [String])
    /// The container credentials endpoint: Amazon ECS, EKS Pod Identity.
    case container(ContainerEndpoint)
    /// The instance metadata service of EC2.
    case instance(InstanceEndpoint)
    /// No source for now, with the reason; one may appear later, such as a file that is mounted.
    case none(CredentialsError)
}

extension CredentialsPlan {
    /// Makes the plan.
    ///
    /// - Parameters:
    ///   - environment: the environment variables.
    ///   - shared: the shared files.
    /// - Throws: ``CredentialsError`` if a setting is invalid.
    init(environment: [String: String], shared: SharedProfiles) throws(CredentialsError) {
        self = try CredentialsPlanner(environment: environment, shared: shared).plan()
    }
}

/// Checks the sources in order.
private struct CredentialsPlanner {
    let environment: [String: String]
    let shared: SharedProfiles

    func plan() throws(CredentialsError) -> CredentialsPlan {
        let named = ProfileName.named(in: environment)
        if let named, shared.profiles[named] == nil {
            throw CredentialsError(
                "AWS_PROFILE: profile \(named) is not in the shared files. Correct or unset AWS_PROFILE.")
        }
        if let fixed = try inEnvironment() { return .fixed(fixed) }
        let profile = named ?? "default"
        if assumesRole(profile) { return try role(of: profile, visited: [profile]) }
        if let plan = try ofProfile(profile, isSource: false) { return plan }
        if let endpoint = try ContainerEndpoint(environment: environment) { return .container(endpoint) }
        if let endpoint = try instance() { return .instance(endpoint) }
        return .none(
            CredentialsError(
                "no AWS credentials in AWS_ACCESS_KEY_ID, in profile \(profile) of the shared files, in "
                    + "AWS_WEB_IDENTITY_TOKEN_FILE or in AWS_CONTAINER_CREDENTIALS_FULL_URI, and instance metadata is disabled. "
                    + "Configure one of them."
            ))
    }

    // MARK: Sources

    private func inEnvironment() throws(CredentialsError) -> Credentials? {
        guard let id = variable("AWS_ACCESS_KEY_ID") else { return nil }
        guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            throw CredentialsError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not. Set both or neither.")
        }
        return try credentials(
            id, secret, variable("AWS_SECURITY_TOKEN") ?? variable("AWS_SESSION_TOKEN"),
            from: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
    }

    /// An environment variable, trimmed; nil if it is missing or empty.
    private func variable(_ name: String) -> String? { KeyText.trimmed(environment[name]) }

    /// Validates credentials from a source; malformed ones are rejected.
    private func credentials(
        _ id: String, _ secret: String, _ token: String?, from place: String
    ) throws(CredentialsError) -> Credentials? {
        do throws(KeyText.MalformedError) {
            return try Credentials(id: id, secret: secret, token: token)
        } catch {
            throw CredentialsError("\(place): \(error.reason)")
        }
    }

    private func instance() throws(CredentialsError) -> InstanceEndpoint? {
        try InstanceEndpoint(
            environment: environment, profile: shared.configured[ProfileName.named(in: environment) ?? "default"] ?? [:]
        )
    }

    /// The plan of a profile, apart from assuming a role.
    ///
    /// - Parameter isSource: whether a role is assumed with the profile; environment variables are then ignored.
    private func ofProfile(_ name: String, isSource: Bool) throws(CredentialsError) -> CredentialsPlan? {
        let settings = shared.profiles[name] ?? [:]
        if let plan = try webIdentity(settings, profile: name, isSource: isSource) { return plan }
        if settings["sso_account_id"] != nil || settings["sso_role_name"] != nil {
            throw CredentialsError(
                "profile \(name) uses IAM Identity Center (SSO), which is not supported because it needs an interactive "
                    + "sign-in. Use a role (role_arn with credential_source) or a credential_process.")
        }
        if let fixed = try keys(in: shared.credentials[name], of: name) { return .fixed(fixed) }
        if settings["login_session"] != nil {
            throw CredentialsError(
                "profile \(name) uses a login session, which is not supported. Use a role or a credential_process.")
        }
        if let command = settings["credential_process"] { return .process(command: try words(command, of: name)) }
        return try keys(in: shared.configured[name], of: name).map { .fixed($0) }
    }

    private func words(_ command: String, of profile: String) throws(CredentialsError) -> [String] {
        guard let words = ShellWords.split(command), !words.isEmpty else {
            throw CredentialsError(
                "the credential_process of profile \(profile) is not a valid command line. Correct its quotes.")
        }
        return words
    }

    private func keys(in settings: ProfileFile.Section?, of profile: String) throws(CredentialsError) -> Credentials? {
        guard let settings, let id = settings["aws_access_key_id"] else { return nil }
        guard let secret = settings["aws_secret_access_key"] else {
            throw CredentialsError("profile \(profile) has aws_access_key_id but not aws_secret_access_key. Add it.")
        }
        return try credentials(
            id, secret, settings["aws_security_token"] ?? settings["aws_session_token"], from: "profile \(profile)")
    }

    private func webIdentity(
        _ settings: ProfileFile.Section, profile: String, isSource: Bool
    ) throws(CredentialsError) -> CredentialsPlan? {
        func value(_ variable: String, _ key: String) -> String? {
            (isSource ? nil : self.variable(variable)) ?? settings[key]
        }
        guard let file = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else { return nil }
        guard let arn = value("AWS_ROLE_ARN", "role_arn") else {
            throw CredentialsError(
                "web identity token file \(file) is configured without a role. Set AWS_ROLE_ARN, or role_arn in profile "
                    + "\(profile).")
        }
        return .webIdentity(
            RoleSettings(arn: arn, sessionName: value("AWS_ROLE_SESSION_NAME", "role_session_name")), tokenFile: file)
    }

    // MARK: Roles

    /// A profile with a web identity token file assumes its role with the token.
    private func assumesRole(_ profile: String) -> Bool {
        let settings = shared.profiles[profile] ?? [:]
        return settings["role_arn"] != nil && settings["web_identity_token_file"] == nil
    }

    private func hasKeys(_ profile: String) -> Bool {
        let settings = shared.profiles[profile] ?? [:]
        return settings["aws_access_key_id"] != nil || settings["aws_secret_access_key"] != nil
    }

    private func role(of profile: String, visited: [String]) throws(CredentialsError) -> CredentialsPlan {
        let settings = shared.profiles[profile] ?? [:]
        guard settings["mfa_serial"] == nil else {
            throw CredentialsError(
                "profile \(profile) requires an MFA code (mfa_serial), which is not supported because it needs an "
                    + "interactive sign-in. Use a role without MFA.")
        }
        let role = RoleSettings(
            arn: settings["role_arn"] ?? "", sessionName: settings["role_session_name"],
            externalID: settings["external_id"], durationSeconds: settings["duration_seconds"].flatMap { Int($0) })
        switch (settings["credential_source"], settings["source_profile"]) {
        case (.some, .some):
            throw CredentialsError("profile \(profile) has both source_profile and credential_source. Remove one.")
        case (nil, nil):
            throw CredentialsError(
                "profile \(profile) has role_arn, but neither source_profile nor credential_source. Add one.")
        case (let source?, nil): return .role(role, from: try self.source(source, of: profile))
        case (nil, let source?): return .role(role, from: try self.profile(source, of: profile, visited: visited))
        }
    }

    private func source(_ name: String, of profile: String) throws(CredentialsError) -> CredentialsPlan {
        switch name {
        case "Environment":
            if let fixed = try inEnvironment() { return .fixed(fixed) }
        case "EcsContainer":
            if let endpoint = try ContainerEndpoint(environment: environment) { return .container(endpoint) }
        case "Ec2InstanceMetadata":
            if let endpoint = try instance() { return .instance(endpoint) }
        default:
            throw CredentialsError(
                "profile \(profile): unknown credential_source \(name). Use Environment, EcsContainer or "
                    + "Ec2InstanceMetadata.")
        }
        return .none(CredentialsError("the credential_source \(name) of profile \(profile) has no credentials"))
    }

    private func profile(
        _ source: String, of profile: String, visited: [String]
    ) throws(CredentialsError) -> CredentialsPlan {
        guard shared.profiles[source] != nil else {
            throw CredentialsError(
                "the source_profile \(source) of profile \(profile) does not exist. Correct its name.")
        }
        // A profile may name itself, to have role and keys in one section.
        let isOwnSource = source == profile && hasKeys(source)
        guard !visited.contains(source) || isOwnSource else {
            throw CredentialsError(
                "the source_profile settings form a circle: \((visited + [source]).joined(separator: " → "))")
        }
        if assumesRole(source), !hasKeys(source) { return try role(of: source, visited: visited + [source]) }
        guard let plan = try ofProfile(source, isSource: true) else {
            throw CredentialsError("the source_profile \(source) of profile \(profile) has no credentials")
        }
        return plan
    }
}

/// The profile named in environment variables.
enum ProfileName {
    /// The name; nil if none is set, so that `default` applies.
    static func named(in environment: [String: String]) -> String? {
        KeyText.trimmed(environment["AWS_DEFAULT_PROFILE"]) ?? KeyText.trimmed(environment["AWS_PROFILE"])
    }
}
