import Testing

@testable import Bridge

/// Tests the errors of invalid values.
@Suite struct ConfigurationValueTests {
    @Test(
        "An invalid value is reported in one line with the key, the problem and the remediation",
        arguments: [
            (
                "listen.address", "localhost",
                "invalid value \"localhost\". Use a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080."
            ),
            (
                "admin.address", "1.2.3.4",
                "invalid value \"1.2.3.4\". Use a numeric address with a port, for example 0.0.0.0:8080 or [::]:8080."
            ),
            ("listen.loops", "0", "invalid value \"0\". Use a whole number from 1 to 64."),
            ("listen.maxConnections", "many", "invalid value \"many\". Use a whole number from 1 to 1000000."),
            ("listen.maxConnectionsPerAddress", "-1", "invalid value \"-1\". Use a whole number from 1 to 1000000."),
            (
                "listen.trustedProxies", "10.0.0.0/8,10.0.0.1/8",
                "invalid value \"10.0.0.1/8\". Use an address or a CIDR block, for example 10.0.0.0/8 or 2001:db8::/32."
            ),
            ("listen.proxyProtocol", "v2", "invalid value \"v2\". Use true or false."),
            (
                "listen.proxyProtocol", "true",
                "listen.trustedProxies is not set. Set it to the addresses of your load balancer."
            ),
            (
                "admin.hosts", "bridge, http://bridge",
                "invalid value \"http://bridge\". Use host names without scheme and port, for example bridge.example.com."
            ),
            ("admin.allowActions", "yes", "invalid value \"yes\". Use true or false."),
            ("admin.token", "pa55", "invalid value. Use 16 to 1024 visible ASCII characters."),
            ("admin.token", "a long text pa55", "invalid value. Use 16 to 1024 visible ASCII characters."),
            ("deadLetters.maxCount", "1", "invalid value \"1\". Use a whole number from 2 to 10000000."),
            (
                "deadLetters.maxBytes", "3MiB",
                "invalid value \"3MiB\". Use a size from 4MiB to 1TiB, for example 256MiB."
            ),
            (
                "deadLetters.maxAge", "59m", "invalid value \"59m\". Use a duration from 1h to 3650d, for example 90d."
            ),
            ("store.maxPending", "0", "invalid value \"0\". Use a whole number from 1 to 1000000000."),
            (
                "store.url", "mysql://user:pa55@host",
                "The store's URL must begin with sqlite:// or postgresql://, for example sqlite:///var/lib/bridge/store.db."
            ),
            (
                "sns.topics", "arn:aws:sqs:us-east-1:111122223333:q",
                "invalid value \"arn:aws:sqs:us-east-1:111122223333:q\". Use the ARN of an SNS topic, for example "
                    + "arn:aws:sns:us-east-1:111122223333:name; * can replace the name or the account. Append =ACCOUNT if "
                    + "the topic carries another account's findings, =* if it carries those of all sns.accounts."
            ),
            (
                "sns.topics", "\(ConfigurationTests.topic),\(ConfigurationTests.topic)=444455556666",
                "duplicate entry \"\(ConfigurationTests.topic)=444455556666\". Remove one of the two."
            ),
            ("sns.accounts", "1", "invalid value \"1\". Use account ids of 12 digits."),
            (
                "sns.accounts", "111122223333",
                "no entry of sns.topics uses * as the account or ends in =*. Add such an entry, or remove this key."
            ),
            ("sns.confirm", "on", "invalid value \"on\". Use auto or off."),
            ("sns.resubscribe", "1", "invalid value \"1\". Use true or false."),
            ("sns.minimumSignatureVersion", "3", "invalid value \"3\". Use 1 or 2."),
            ("sns.maxMessageAge", "59s", "invalid value \"59s\". Use a duration from 1m to 24h, for example 1h."),
            ("sns.maxMessageAge", "25h", "invalid value \"25h\". Use a duration from 1m to 24h, for example 1h."),
            ("catchUp.interval", "0s", "invalid value \"0s\". Use a duration from 1m to 24h, for example 1h, or off."),
            (
                "catchUp.interval", "25h",
                "invalid value \"25h\". Use a duration from 1m to 24h, for example 1h, or off."
            ),
            (
                "eventBridge.apiKeyHeader", "a b",
                "invalid value \"a b\". Use a valid header field name, for example x-api-key."
            ),
            (
                "eventBridge.apiKey", "a,b,c",
                "more than 2 keys. Remove the keys that EventBridge no longer sends."
            ),
            ("eventBridge.basic", "pa55", "invalid value. Use the form USER:PASSWORD."),
            ("eventBridge.basic", "user:", "invalid value. Use the form USER:PASSWORD."),
            ("securityHub.requestsPerSecond", "0", "invalid value \"0\". Use a number from 0.1 to 1000."),
            ("securityHub.requestsPerSecond", "nan", "invalid value \"nan\". Use a number from 0.1 to 1000."),
            ("securityHub.burst", "1.5", "invalid value \"1.5\". Use a whole number from 1 to 1000."),
            ("securityHub.burst", "0x-7", "invalid value \"0x-7\". Use a whole number from 1 to 1000."),
            ("eventBridge.apiKey", "null", "a key is null. Set a random key, or remove this key."),
            ("mapping.checkSummaries", "yes", "invalid value \"yes\". Use true or false."),
            (
                "mapping.severities", "a=LOW,b",
                "\"b\" is not of the form pattern=LABEL. Write for example Fleet/*=HIGH."
            ),
            (
                "mapping.severities", "a=URGENT",
                "the label of \"a=URGENT\" is not a severity. Use one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL."
            ),
            (
                "mapping.severities", "=LOW",
                "the pattern of \"=LOW\" is empty or longer than 256 characters. Write for example Fleet/*=HIGH."
            ),
            (
                "mapping.minimumSeverity", "SEVERE",
                "invalid value \"SEVERE\". Use one of INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL."
            ),
            (
                "mapping.exclude", String(repeating: "x", count: 257),
                "the pattern of \"\(String(repeating: "x", count: 257))\" is empty or longer than 256 characters. "
                    + "Write for example Fleet/*."
            ),
            (
                "mapping.productName", String(repeating: "x", count: 129),
                "invalid value \"\(String(repeating: "x", count: 129))\". Use 1 to 128 characters, not only spaces."
            ),
            (
                "mapping.userDefinedFields", "site={thing.tags.site}",
                "the value of \"site={thing.tags.site}\" is not the attribute of a thing. "
                    + "Write for example {thing.attributes.site}, alone."
            ),
            ("network.connectTo", "a:1:b", "invalid value \"a:1:b\". Use the form HOST:PORT:ADDRESS:PORT."),
            ("network.connectTo", "a:1:b:99999", "invalid value \"a:1:b:99999\". Use the form HOST:PORT:ADDRESS:PORT."),
            (
                "log.level", "loud",
                "invalid value \"loud\". Use one of trace, debug, info, notice, warning, error, critical."
            ),
            ("log.format", "xml", "invalid value \"xml\". Use text or json."),
            (
                "aws.roles", "111122223333=arn:aws:iam::111122223333:user/r",
                "invalid value \"111122223333=arn:aws:iam::111122223333:user/r\". Use an account and the ARN of a role, for example "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge."
            ),
            (
                "aws.roles", "111122223333=arn:aws:iam::444455556666:role/r",
                "the role of account 111122223333 belongs to account 444455556666. Use a role of account 111122223333."
            ),
            (
                "aws.roles", "1=x",
                "invalid value \"1=x\". Use an account and the ARN of a role, for example "
                    + "111122223333=arn:aws:iam::111122223333:role/DefenderBridge."
            ),
            (
                "aws.roles",
                "111122223333=arn:aws:iam::111122223333:role/r,111122223333=arn:aws:iam::111122223333:role/s",
                "duplicate account 111122223333. Remove one of the two entries."
            ),
            (
                "aws.roleName", "arn:aws:iam::111122223333:role/r",
                "invalid value \"arn:aws:iam::111122223333:role/r\". Use a role name such as DefenderBridge, or its ARN with * as the "
                    + "account."
            ),
            (
                "aws.roleName", "a b",
                "invalid value \"a b\". Use a role name such as DefenderBridge, or its ARN with * as the account."
            ),
            ("aws.externalId", "x", "invalid value \"x\". Use 2 to 1224 letters, digits and _+=,.@:/-."),
            ("aws.externalId", "xy", "no role is configured. Set aws.roles or aws.roleName, or remove this key."),
            ("aws.regions", "Frankfurt", "invalid value \"Frankfurt\". Use a Region such as eu-central-1."),
            ("log.format", "a\nb\u{1B}[2J", "invalid value \"a\\u{A}b\\u{1B}[2J\". Use text or json."),
        ])
    func badValue(key: String, text: String, problem: String) {
        #expect(ConfigurationTests.line(flags: [key: text]) == "\(key): \(problem)")
    }
}
