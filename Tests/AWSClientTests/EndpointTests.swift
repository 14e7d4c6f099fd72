import AWSClient
import AWSCore
import Encoding
import JSON
import TestSupport
import Testing

@Suite("Endpoints")
struct EndpointTests {
    private static let program = """
        import json, sys, botocore.session
        from botocore.endpoint_provider import EndpointProvider
        loader = botocore.session.Session().get_component("data_loader")
        partitions = loader.load_data("partitions")
        table = []
        for service in ["iot", "securityhub", "sts", "sns", "events", "cloudtrail"]:
            provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
            for partition in partitions["partitions"]:
                for region in list(partition["regions"]) + ["eu-north-9", "cn-new-1", "us-gov-new-1"]:
                    if "global" in region: continue
                    for fips in [False, True]:
                        for dual in [False, True]:
                            more = {"UseGlobalEndpoint": False} if service == "sts" else {}
                            found = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual, **more)
                            table.append([service, region, fips, dual, found.url])
        print(json.dumps(table))
        """

    @Test("every Region of every partition, with and without FIPS and dual-stack, has botocore's endpoint")
    func publicEndpoints() async throws {
        let table = try JSON(
            parsing: Array(try await Program.python(Self.program).utf8), limits: JSONLimits(values: 100_000))
        let rows = try #require(table.array)
        #expect(rows.count > 1000)
        for row in rows.compactMap(\.array) {
            let service = try #require(row[0].string.flatMap(AWSService.init))
            let region = try #require(row[1].string.flatMap { Region($0) })
            let endpoints = try Endpoints(environment: [
                "AWS_USE_FIPS_ENDPOINT": row[2].bool == true ? "true" : "",
                "AWS_USE_DUALSTACK_ENDPOINT": row[3].bool == true ? "TRUE" : "false",
            ])
            #expect(endpoints.endpoint(of: service, in: region).description == row[4].string)
        }
    }

    @Test("endpoints of the profile apply after the variables, and can be ignored by a setting")
    func profiles() throws {
        let config = """
            [profile p]
            region = eu-west-3
            endpoint_url = http://all:1
            services = s
            use_fips_endpoint = true
            [services s]
            securityhub =
              endpoint_url = http://hub:2
            eventbridge =
              endpoint_url = http://events:3
            """
        func settings(_ more: [String: String]) throws -> AWSSettings {
            let environment = ["AWS_PROFILE": "p", "AWS_CONFIG_FILE": "/c", "HOME": "/h"].merging(more) { _, last in
                last
            }
            return try AWSSettings(environment: environment) { $0 == "/c" ? Array(config.utf8) : nil }
        }
        func endpoint(_ service: AWSService, _ more: [String: String] = [:]) throws -> String {
            try settings(more).endpoints.endpoint(of: service, in: region).description
        }
        #expect(try endpoint(.securityHub) == "http://hub:2")
        #expect(try endpoint(.events) == "http://events:3")
        #expect(try endpoint(.iot) == "http://all:1")
        #expect(try endpoint(.securityHub, ["AWS_ENDPOINT_URL": "http://env:4"]) == "http://env:4")
        #expect(
            try endpoint(.securityHub, ["AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_SECURITYHUB": "http://y"])
                == "http://y")
        #expect(
            try endpoint(.securityHub, ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://x"])
                == "https://securityhub-fips.us-east-1.amazonaws.com")
        #expect(try settings([:]).region?.name == "eu-west-3")
        #expect(try settings(["AWS_DEFAULT_REGION": "us-west-2"]).region?.name == "us-west-2")
        #expect(
            try settings(["AWS_DEFAULT_REGION": "us-west-2", "AWS_REGION": "us-west-1"]).region?.name == "us-west-1")
        let problem = #expect(throws: AWSSettings.SettingError.self) { try settings(["AWS_REGION": "nowhere"]) }
        #expect(problem?.place == "AWS_REGION")
    }

    @Test(
        "a session name has the program and its host",
        arguments: [("m-1.example", "m-1.example"), ("bad host/ü", "bad-host---")])
    func sessionName(host: String, end: String) throws {
        #expect(AWSSettings.sessionName(hostName: host) == "defender-bridge-\(end)")
        #expect(AWSSettings.sessionName(hostName: String(repeating: "x", count: 99)).utf8.count == 64)
    }

    @Test("a service's variable overrides the general one, which overrides the public endpoint")
    func precedence() throws {
        let endpoints = try Endpoints(environment: [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:5000/", "AWS_ENDPOINT_URL_STS": "https://sts.internal",
            "AWS_ENDPOINT_URL_IOT": "",
        ])
        #expect(endpoints.endpoint(of: .sts, in: region).description == "https://sts.internal")
        #expect(endpoints.endpoint(of: .securityHub, in: region).description == "http://127.0.0.1:5000")
        #expect(endpoints.endpoint(of: .iot, in: region).description == "http://127.0.0.1:5000")
        let one = try Endpoints(environment: ["AWS_ENDPOINT_URL_SECURITYHUB": "http://[::1]:5000/a/b/"])
        #expect(one.endpoint(of: .securityHub, in: region).description == "http://[::1]:5000/a/b")
        #expect(one.endpoint(of: .iot, in: region).description == "https://iot.us-east-1.amazonaws.com")
    }

    @Test(
        "a value that is not a URL is rejected with its variable's name",
        arguments: [
            "localhost:5000", "ftp://host", "http://", "http:///path", "http://user@host", "http://host:port",
            "http://host:",
            "http://host:65536", "http://host/a?b=c", "http://host/#a", "http://host/a b", "http://host//a",
            "http://host/a/../b", "http://[::1", "http://ho st", "http://host/%20", "http://host\r\nX: y",
        ])
    func rejected(url: String) throws {
        let own = #expect(throws: EndpointError.self) { try Endpoints(environment: ["AWS_ENDPOINT_URL_IOT": url]) }
        #expect(own?.description.contains("AWS_ENDPOINT_URL_IOT ") == true)
        let all = #expect(throws: EndpointError.self) { try Endpoints(environment: ["AWS_ENDPOINT_URL": url]) }
        #expect(all?.variable == "AWS_ENDPOINT_URL")
    }
}

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test("only unreserved characters are unchanged")
    func encode() {
        let unreserved = "ABCXYZabcxyz0189-._~"
        #expect(PercentEncoding.encode(unreserved) == unreserved)
        #expect(PercentEncoding.encode("+/=&% :@!*'()\t\u{0}") == "%2B%2F%3D%26%25%20%3A%40%21%2A%27%28%29%09%00")
        #expect(PercentEncoding.encode("ü€😀") == "%C3%BC%E2%82%AC%F0%9F%98%80")
        #expect(PercentEncoding.encode("") == "")
    }

    @Test("a query is sorted by encoded name, then by encoded value")
    func query() {
        #expect(PercentEncoding.query([]) == "")
        #expect(PercentEncoding.query([("b", "1"), ("a", "2"), ("a", "1"), ("B", "")]) == "B=&a=1&a=2&b=1")
        // Encoded, ü sorts before a; as text it would sort after.
        #expect(PercentEncoding.query([("a", "1"), ("ü", "2"), ("a-b", "3")]) == "%C3%BC=2&a=1&a-b=3")
    }
}
