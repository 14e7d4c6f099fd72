/// Where credentials are to be had from, as the variables and the shared files say: the first place that says anything, in
/// the order of AWS's SDK for Python. A pure value.
indirect enum CredentialsPlan: Sendable, Hashable {
    /// They stand in a variable or a file.
    case fixed(Credentials)
    /// A role that is assumed with other credentials.
    case role(RoleSettings, from: CredentialsPlan)
    /// A role that is assumed with a token from a file, as on Amazon EKS.
    case webIdentity(RoleSettings, tokenFile: String)
    /// A program that prints them.
    case process(command: [String])
    /// An endpoint of the container's host: Amazon ECS, EKS Pod Identity.
    case container(ContainerEndpoint)
    /// The metadata service of an EC2 instance.
    case instance(InstanceEndpoint)
    /// Nowhere for now, and why: they may come, as with a file that is mounted later.
    case none(CredentialsError)
}

/// A role, and how it is assumed.
struct RoleSettings: Sendable, Hashable {
    let arn: String
    /// Nil for the caller's own name.
    var sessionName: String?
    var externalID: String?
    /// Nil for AWS's default, an hour.
    var durationSeconds: Int?
}

extension CredentialsPlan {
    /// Finds the plan.
    ///
    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - shared: the shared files.
    /// - Throws: ``CredentialsError`` if what there is cannot be used.
    init(environment: [String: String], shared: SharedProfiles) throws(CredentialsError) {
        self = try CredentialsPlanner(environment: environment, shared: shared).plan()
    }
}

/// Goes through the places in their order.
private struct CredentialsPlanner {
    let environment: [String: String]
    let shared: SharedProfiles

    func plan() throws(CredentialsError) -> CredentialsPlan {
        let named = ProfileName.named(in: environment)
        if let named, shared.profiles[named] == nil {
            throw CredentialsError("AWS_PROFILE names \(named), which is not in the shared files; mend or unset it")
        }
        if let fixed = try inEnvironment() { return .fixed(fixed) }
        let profile = named ?? "default"
        if assumesRole(profile) { return try role(of: profile, visited: [profile]) }
        if let plan = try ofProfile(profile, isSource: false) { return plan }
        if let endpoint = try ContainerEndpoint(environment: environment) { return .container(endpoint) }
        if let endpoint = try instance() { return .instance(endpoint) }
        return .none(
            CredentialsError(
                "no AWS credentials: neither in AWS_ACCESS_KEY_ID, nor in the profile \(profile) of the shared files, nor by "
                    + "AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_CREDENTIALS_FULL_URI, and instance metadata is disabled"
            ))
    }

    // MARK: Places

    private func inEnvironment() throws(CredentialsError) -> Credentials? {
        guard let id = variable("AWS_ACCESS_KEY_ID") else { return nil }
        guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
            throw CredentialsError("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not; set both or none")
        }
        return try credentials(
            id, secret, variable("AWS_SECURITY_TOKEN") ?? variable("AWS_SESSION_TOKEN"),
            from: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
    }

    /// A variable without white space around it; nil if it is missing or empty.
    private func variable(_ name: String) -> String? { KeyText.trimmed(environment[name]) }

    /// Credentials that stand somewhere. Malformed ones never sign anything.
    private func credentials(
        _ id: String, _ secret: String, _ token: String?, from place: String
    ) throws(CredentialsError) -> Credentials? {
        do throws(KeyText.MalformedError) {
            return try Credentials(id: id, secret: secret, token: token)
        } catch {
            throw CredentialsError("\(place) cannot be used: \(error.reason)")
        }
    }

    private func instance() throws(CredentialsError) -> InstanceEndpoint? {
        try InstanceEndpoint(
            environment: environment, profile: shared.configured[ProfileName.named(in: environment) ?? "default"] ?? [:]
        )
    }

    /// What a profile says other than to assume a role.
    ///
    /// - Parameter isSource: whether a role is assumed with it; then variables do not count.
    private func ofProfile(_ name: String, isSource: Bool) throws(CredentialsError) -> CredentialsPlan? {
        let settings = shared.profiles[name] ?? [:]
        if let plan = try webIdentity(settings, profile: name, isSource: isSource) { return plan }
        if settings["sso_account_id"] != nil || settings["sso_role_name"] != nil {
            throw CredentialsError(
                "the profile \(name) signs in by IAM Identity Center (SSO), which is not supported: a program that runs by "
                    + "itself cannot sign in; use a role (role_arn with credential_source), or a credential_process")
        }
        if let fixed = try keys(in: shared.credentials[name], of: name) { return .fixed(fixed) }
        if settings["login_session"] != nil {
            throw CredentialsError(
                "the profile \(name) uses a login session, which is not supported; use a role, or a credential_process")
        }
        if let command = settings["credential_process"] { return .process(command: try words(command, of: name)) }
        return try keys(in: shared.configured[name], of: name).map { .fixed($0) }
    }

    private func words(_ command: String, of profile: String) throws(CredentialsError) -> [String] {
        guard let words = ShellWords.split(command), !words.isEmpty else {
            throw CredentialsError(
                "the credential_process of the profile \(profile) is no command line; mend its quotes")
        }
        return words
    }

    private func keys(in settings: ProfileFile.Section?, of profile: String) throws(CredentialsError) -> Credentials? {
        guard let settings, let id = settings["aws_access_key_id"] else { return nil }
        guard let secret = settings["aws_secret_access_key"] else {
            throw CredentialsError("the profile \(profile) has aws_access_key_id without aws_secret_access_key; add it")
        }
        return try credentials(
            id, secret, settings["aws_security_token"] ?? settings["aws_session_token"], from: "the profile \(profile)")
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
                "there is a web identity token file (\(file)), and no role: set AWS_ROLE_ARN, or role_arn in the profile "
                    + profile)
        }
        return .webIdentity(
            RoleSettings(arn: arn, sessionName: value("AWS_ROLE_SESSION_NAME", "role_session_name")), tokenFile: file)
    }

    // MARK: Roles

    /// One with a token file assumes its role by that.
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
                "the profile \(profile) asks for a code of an MFA device (mfa_serial), which nobody is there to type; use a "
                    + "role that can be assumed without")
        }
        let role = RoleSettings(
            arn: settings["role_arn"] ?? "", sessionName: settings["role_session_name"],
            externalID: settings["external_id"], durationSeconds: settings["duration_seconds"].flatMap { Int($0) })
        switch (settings["credential_source"], settings["source_profile"]) {
        case (.some, .some):
            throw CredentialsError("the profile \(profile) has both source_profile and credential_source; remove one")
        case (nil, nil):
            throw CredentialsError(
                "the profile \(profile) has role_arn, and neither source_profile nor credential_source")
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
                "the profile \(profile) has the credential_source \(name), which is none of Environment, EcsContainer and "
                    + "Ec2InstanceMetadata")
        }
        return .none(CredentialsError("the credential_source \(name) of the profile \(profile) has no credentials"))
    }

    private func profile(
        _ source: String, of profile: String, visited: [String]
    ) throws(CredentialsError) -> CredentialsPlan {
        guard shared.profiles[source] != nil else {
            throw CredentialsError(
                "the source_profile \(source) of the profile \(profile) does not exist; mend its name")
        }
        // A profile may name itself, to have role and keys in one place.
        let isItself = source == profile && hasKeys(source)
        guard !visited.contains(source) || isItself else {
            throw CredentialsError(
                "the source_profiles go in a circle: \((visited + [source]).joined(separator: " → "))")
        }
        if assumesRole(source), !hasKeys(source) { return try role(of: source, visited: visited + [source]) }
        guard let plan = try ofProfile(source, isSource: true) else {
            throw CredentialsError("the source_profile \(source) of the profile \(profile) has no credentials")
        }
        return plan
    }
}

/// The profile that the variables name.
enum ProfileName {
    /// The name; nil if there is none, so that `default` counts.
    static func named(in environment: [String: String]) -> String? {
        KeyText.trimmed(environment["AWS_DEFAULT_PROFILE"]) ?? KeyText.trimmed(environment["AWS_PROFILE"])
    }
}
