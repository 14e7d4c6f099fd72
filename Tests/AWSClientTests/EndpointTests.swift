import AWSClient
import AWSCore
import Testing

@Suite("Endpoints")
struct EndpointTests {
    // As botocore's endpoint rules have them.
    @Test(
        "a service's public endpoint follows from the Region and its partition",
        arguments: [
            (AWSService.iot, "us-east-1", "https://iot.us-east-1.amazonaws.com"),
            (.securityHub, "eu-central-2", "https://securityhub.eu-central-2.amazonaws.com"),
            (.sts, "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
            (.securityHub, "cn-north-1", "https://securityhub.cn-north-1.amazonaws.com.cn"),
        ])
    func publicEndpoints(service: AWSService, region: String, url: String) throws {
        let region = try #require(Region(region))
        #expect(try Endpoints().endpoint(of: service, in: region).description == url)
    }

    @Test("a service's own variable goes before the one for all, which goes before the public endpoint")
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
        "a value that is no URL is refused with its variable's name",
        arguments: [
            "localhost:5000", "ftp://host", "http://", "http:///path", "http://user@host", "http://host:port",
            "http://host:",
            "http://host:65536", "http://host/a?b=c", "http://host/#a", "http://host/a b", "http://host//a",
            "http://host/a/../b", "http://[::1", "http://ho st", "http://host/%20", "http://host\r\nX: y",
        ])
    func refused(url: String) throws {
        let own = #expect(throws: EndpointError.self) { try Endpoints(environment: ["AWS_ENDPOINT_URL_IOT": url]) }
        #expect(own?.description.contains("AWS_ENDPOINT_URL_IOT ") == true)
        let all = #expect(throws: EndpointError.self) { try Endpoints(environment: ["AWS_ENDPOINT_URL": url]) }
        #expect(all?.variable == "AWS_ENDPOINT_URL")
    }
}

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test("only unreserved characters stay")
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
        // Encoded, ü comes before a; as text it would come after.
        #expect(PercentEncoding.query([("a", "1"), ("ü", "2"), ("a-b", "3")]) == "%C3%BC=2&a=1&a-b=3")
    }
}
