/// Environment variables and files with credentials.
struct IdentityCase: Sendable {
    let name: String
    /// `PORT` is replaced by the server's port, `FOLDER` by the directory of programs and tokens; `UNSET` removes a
    /// variable.
    var environment: [String: String] = [:]
    var config = ""
    var credentials = ""
    /// A part of the expected error message.
    var rejection: String?
}

extension IdentityCase {
    private static let keys = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env-secret"]
    private static let profiles = """
        [default]
        aws_access_key_id = AKIADEFAULT
        aws_secret_access_key = default+/=secret
        [other profile]
        aws_access_key_id=AKIAOTHER
        aws_secret_access_key=other-secret
        aws_session_token=other==token
        """
    private static func role(_ name: String, _ more: String) -> String {
        "[profile \(name)]\nrole_arn = arn:aws:iam::111122223333:role/\(name)\n\(more)\n"
    }

    static let all: [IdentityCase] =
        variables + files + roles + loops + webIdentities + processes + containers + instances + unsupported

    private static let variables = [
        IdentityCase(name: "keys in variables", environment: keys, credentials: profiles),
        IdentityCase(
            name: "with a token", environment: keys.merging(["AWS_SESSION_TOKEN": "t=="]) { $1 }),
        IdentityCase(
            name: "with both tokens",
            environment: keys.merging(["AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"]) { $1 }),
        IdentityCase(
            name: "a key without its secret", environment: ["AWS_ACCESS_KEY_ID": "AKIAENV"],
            credentials: profiles, rejection: "AWS_SECRET_ACCESS_KEY is not"),
        IdentityCase(
            name: "an empty key", environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"],
            credentials: profiles),
        IdentityCase(
            name: "keys and a profile", environment: keys.merging(["AWS_PROFILE": "other profile"]) { $1 },
            credentials: profiles),
        IdentityCase(
            name: "keys before a role of the profile", environment: keys,
            config: "[default]\nrole_arn = arn:aws:iam::111122223333:role/r\ncredential_source = Environment\n"),
    ]

    private static let files = [
        IdentityCase(name: "the default profile", credentials: profiles),
        IdentityCase(
            name: "a profile by its name", environment: ["AWS_PROFILE": "other profile"],
            credentials: profiles),
        IdentityCase(
            name: "by the older variable", environment: ["AWS_DEFAULT_PROFILE": "other profile"],
            credentials: profiles),
        IdentityCase(
            name: "by both",
            environment: ["AWS_DEFAULT_PROFILE": "other profile", "AWS_PROFILE": "default"],
            credentials: profiles),
        IdentityCase(
            name: "a missing profile", environment: ["AWS_PROFILE": "missing"],
            credentials: profiles, rejection: "profile missing is not in the shared files"),
        IdentityCase(
            name: "keys in the configuration file", environment: ["AWS_PROFILE": "a b"],
            config: "[profile \"a b\"]\naws_access_key_id = AKIACONF\naws_secret_access_key = c\n"),
        IdentityCase(
            name: "keys in both files: the credentials file has precedence",
            config: "[default]\naws_access_key_id = AKIACONF\naws_secret_access_key = c\n", credentials: profiles),
        IdentityCase(
            name: "the word profile is missing", environment: ["AWS_PROFILE": "p"],
            config: "[p]\naws_access_key_id = AKIACONF\naws_secret_access_key = c\n",
            rejection: "profile p is not in the shared files"),
        IdentityCase(
            name: "a key without its secret",
            credentials: "[default]\naws_access_key_id = AKIAHALF\n", rejection: "but not aws_secret_access_key"),
        IdentityCase(
            name: "comments, blanks, colons, capitals, an equals sign in the value",
            credentials: """
                # a comment
                [default]
                  ; another

                AWS_Access_Key_ID :AKIAODD
                aws_secret_access_key   =  a=b#c;d
                s3 =
                  max_concurrent_requests = 20
                """),
        IdentityCase(
            name: "an empty token",
            credentials: "[default]\naws_access_key_id = A\naws_secret_access_key = b\naws_session_token =\n"),
        IdentityCase(
            name: "a line that is neither", credentials: "[default]\nnothing\n", rejection: "line 2"),
        IdentityCase(
            name: "a duplicate key",
            credentials: "[default]\naws_access_key_id = A\naws_access_key_id = B\n", rejection: "duplicate"),
        IdentityCase(name: "a key before any section", credentials: "a = b\n", rejection: "line 1"),
    ]

    private static let roles = [
        IdentityCase(
            name: "a role by a profile of the credentials file", environment: ["AWS_PROFILE": "r"],
            config: role("r", "source_profile = default"), credentials: profiles),
        IdentityCase(
            name: "with all settings", environment: ["AWS_PROFILE": "r"],
            config: role(
                "r",
                """
                source_profile = other profile
                external_id = ex+ternal=@id
                role_session_name = who.I@am
                duration_seconds = 900
                """), credentials: profiles),
        IdentityCase(
            name: "with a duration that is not a number", environment: ["AWS_PROFILE": "r"],
            config: role("r", "source_profile = default\nduration_seconds = long"), credentials: profiles),
        IdentityCase(
            name: "by a role by a role", environment: ["AWS_PROFILE": "r"],
            config: role("r", "source_profile = middle") + role("middle", "source_profile = first")
                + role("first", "source_profile = default\nrole_session_name = first"), credentials: profiles),
        IdentityCase(
            name: "a profile that names itself and has keys", environment: ["AWS_PROFILE": "r"],
            config: role("r", "source_profile = r"),
            credentials: "[r]\naws_access_key_id = AKIAR\naws_secret_access_key = r\n"),
        IdentityCase(
            name: "a role by a container",
            environment: ["AWS_PROFILE": "r", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:PORT/container"],
            config: role("r", "credential_source = EcsContainer")),
        IdentityCase(
            name: "by the instance", environment: ["AWS_PROFILE": "r"],
            config: role("r", "credential_source = Ec2InstanceMetadata")),
        IdentityCase(
            name: "by a program", environment: ["AWS_PROFILE": "r"],
            config: role("r", "source_profile = p") + "[profile p]\ncredential_process = FOLDER/print-lasting\n"),
        IdentityCase(
            name: "by a web identity of its source, ignoring variables",
            environment: ["AWS_PROFILE": "r", "AWS_ROLE_SESSION_NAME": "ours"],
            config: role("r", "source_profile = w") + role("w", "web_identity_token_file = FOLDER/token")),
        IdentityCase(
            name: "one that cannot be assumed", environment: ["AWS_PROFILE": "forbidden"],
            config: role("forbidden", "source_profile = default"), credentials: profiles, rejection: "not you"),
    ]

    private static let loops = [
        IdentityCase(
            name: "a circle of two", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = b") + role("b", "source_profile = a"), rejection: "a → b → a"),
        IdentityCase(
            name: "a circle after the first", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = b") + role("b", "source_profile = c") + role("c", "source_profile = b"),
            rejection: "circle"),
        IdentityCase(
            name: "a profile that names itself without keys", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = a"), rejection: "circle"),
        IdentityCase(
            name: "a source that does not exist", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = missing"), rejection: "missing"),
        IdentityCase(
            name: "a source without credentials", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = b") + "[profile b]\nregion = us-east-1\n", rejection: "no credentials"),
        IdentityCase(
            name: "two sources", environment: ["AWS_PROFILE": "a"],
            config: role("a", "source_profile = b\ncredential_source = Environment"), rejection: "both"),
        IdentityCase(
            name: "no source", environment: ["AWS_PROFILE": "a"], config: role("a", ""),
            rejection: "neither"),
        IdentityCase(
            name: "an unknown source", environment: ["AWS_PROFILE": "a"],
            config: role("a", "credential_source = Elsewhere"), rejection: "Elsewhere"),
        IdentityCase(
            name: "an empty environment as the source", environment: ["AWS_PROFILE": "a"],
            config: role("a", "credential_source = Environment"), rejection: "has no credentials"),
    ]

    private static let webIdentities = [
        IdentityCase(
            name: "a web identity, as on EKS",
            environment: [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/eks",
                "AWS_ROLE_SESSION_NAME": "pod-1",
            ], credentials: profiles),
        IdentityCase(
            name: "one without a session name",
            environment: [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/eks",
            ]),
        IdentityCase(
            name: "one of a profile", environment: ["AWS_PROFILE": "w"],
            config: role("w", "web_identity_token_file = FOLDER/token\nrole_session_name = me")),
        IdentityCase(
            name: "one without a role", environment: ["AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token"],
            rejection: "AWS_ROLE_ARN"),
        IdentityCase(
            name: "one whose token is missing",
            environment: ["AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/nothing", "AWS_ROLE_ARN": "arn:aws:iam::1:role/x"],
            rejection: "cannot read web identity token file"),
    ]

    private static let processes = [
        IdentityCase(
            name: "a program", config: "[default]\ncredential_process = FOLDER/print-lasting\n"),
        IdentityCase(
            name: "one that prints an empty token", config: "[default]\ncredential_process = FOLDER/print-untokened\n"),
        IdentityCase(
            name: "one with quoted arguments, which is run again later",
            config: "[default]\ncredential_process = \"FOLDER/print ending\" 'an argument' \"another one\"\n"),
        IdentityCase(
            name: "keys in the credentials file before a program",
            config: "[default]\ncredential_process = FOLDER/print-lasting\n", credentials: profiles),
        IdentityCase(
            name: "a program before keys in the configuration file",
            config: "[default]\ncredential_process = FOLDER/print-lasting\naws_access_key_id = A\n"
                + "aws_secret_access_key = s\n"),
        IdentityCase(
            name: "one that fails", config: "[default]\ncredential_process = FOLDER/fail\n",
            rejection: "exit code 3: no ticket"),
        IdentityCase(
            name: "one of another version", config: "[default]\ncredential_process = FOLDER/other-version\n",
            rejection: "Version"),
        IdentityCase(
            name: "one that is missing", config: "[default]\ncredential_process = FOLDER/nothing\n",
            rejection: "nothing"),
    ]

    private static let containers = [
        IdentityCase(
            name: "a container, as on ECS",
            environment: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container/v2?id=1"]),
        IdentityCase(
            name: "with a token, as on Greengrass",
            environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:PORT/container/full",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc==",
            ]),
        IdentityCase(
            name: "with a token file, as with EKS Pod Identity",
            environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:PORT/container/full",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "FOLDER/token",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "not this one",
            ]),
        IdentityCase(
            name: "both addresses: the relative one has precedence",
            environment: [
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/container/relative",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:PORT/container/full",
            ]),
        IdentityCase(
            name: "another host without TLS",
            environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"], rejection: "192.0.2.1"),
        IdentityCase(
            name: "one that responds with an error",
            environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:PORT/container/missing"],
            rejection: "HTTP 404"),
        IdentityCase(
            name: "files before a container",
            environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:PORT/container"],
            credentials: profiles),
    ]

    private static let instances = [
        IdentityCase(name: "an instance"),
        IdentityCase(
            name: "an instance that the profile names",
            environment: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "UNSET"],
            config: "[default]\nec2_metadata_service_endpoint = http://127.0.0.1:PORT/\n"),
        IdentityCase(
            name: "disabled", environment: ["AWS_EC2_METADATA_DISABLED": "TRUE"],
            rejection: "no AWS credentials"),
    ]

    private static let unsupported = [
        IdentityCase(
            name: "single sign-on", environment: ["AWS_PROFILE": "sso"],
            config: "[profile sso]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
                + "sso_account_id = 111122223333\nsso_role_name = R\n", rejection: "not supported")
    ]
}
