@testable import HTTPServer

/// Requests that must be accepted, each with its exact meaning.
let acceptedCases: [AcceptedCase] = [
    AcceptedCase("the least", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", .init("GET", "/")),
    AcceptedCase(
        "a query", "GET /a/b?c=d&e=%20?f HTTP/1.1\r\nHost: a\r\n\r\n", .init("GET", "/a/b?c=d&e=%20?f")),
    AcceptedCase(
        "one empty line before the request line (RFC 9112, 2.2)", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        .init("GET", "/")),
    AcceptedCase(
        "two requests in a row", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        .init("GET", "/1"), .init("GET", "/2")),
    AcceptedCase(
        "an empty line between two requests",
        "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        .init("POST", "/1", fields: ["Content-Length: 1"], body: "x"), .init("GET", "/2")),
    AcceptedCase(
        "white space around values is no part of them",
        "GET / HTTP/1.1\r\nHost: \t a \t\r\nX-Empty:\r\nX-Blank: \t\r\nX-Inner: a \t b\r\n\r\n",
        .init("GET", "/", fields: ["X-Empty: ", "X-Blank: ", "X-Inner: a \t b"])),
    AcceptedCase(
        "names in any case, values kept", "GET / HTTP/1.1\r\nHOST: a\r\nx-THING: Q\r\n\r\n",
        .init("GET", "/", fields: ["x-THING: Q"], host: "HOST: a")),
    AcceptedCase(
        "repeated fields stay in order", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nX: 3\r\n\r\n",
        .init("GET", "/", fields: ["X: 1", "Y: 2", "X: 3"])),
    AcceptedCase(
        "every character of a token, and UTF-8 in a value",
        "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: grün\r\n\r\n",
        .init("GET", "/", fields: ["!#$%&'*+-.^_`|~09azAZ: grün"])),
    AcceptedCase(
        "Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        .init("POST", "/", fields: ["Content-Length: 5"], body: "hello")),
    AcceptedCase(
        "Content-Length with leading zeros",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000005\r\n\r\nhello",
        .init("POST", "/", fields: ["Content-Length: 0000000000000000000000005"], body: "hello")),
    AcceptedCase(
        "Content-Length of nothing", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        .init("POST", "/", fields: ["Content-Length: 0"])),
    AcceptedCase(
        "a body with a GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\r\n",
        .init("GET", "/", fields: ["Content-Length: 2"], body: "\r\n")),
    AcceptedCase(
        "chunks",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\n\r\n",
        .init("POST", "/", fields: ["Transfer-Encoding: chunked"], body: "hello, 10 bytes")),
    AcceptedCase(
        "no chunk but the last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n000\r\n\r\n",
        .init("POST", "/", fields: ["Transfer-Encoding: CHUNKED"])),
    AcceptedCase(
        "chunk extensions and trailers are passed over",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "1;a=b;c=\"d;\\\"\\e\";f\r\nx\r\n0;e\r\nX-Trailer: 1\r\nY: 2\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        .init("POST", "/", fields: ["Transfer-Encoding: chunked"], body: "x"), .init("GET", "/")),
    AcceptedCase(
        "line ends inside of a chunk",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "4\r\n\r\n\r\n\r\n0\r\n\r\n",
        .init("POST", "/", fields: ["Transfer-Encoding: chunked"], body: "\r\n\r\n")),
    AcceptedCase(
        "Connection: close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
        .init("GET", "/", fields: ["Connection: x, Close"], keepsAlive: false)),
    AcceptedCase(
        "HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n",
        .init("GET", "/", authority: nil, host: nil, keepsAlive: false)),
    AcceptedCase(
        "HTTP/1.0 is not kept alive", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        .init("GET", "/", fields: ["Connection: keep-alive"], keepsAlive: false)),
    AcceptedCase(
        "a later minor version is read as HTTP/1.1 (RFC 9110, 2.5)", "GET / HTTP/1.7\r\nHost: a\r\n\r\n",
        .init("GET", "/")),
    AcceptedCase(
        "an absolute target, which overrules Host (RFC 9112, 3.2.2)",
        "GET HTTP://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n", .init("GET", "/c?d", authority: "b:80")),
    AcceptedCase(
        "an absolute target without a path", "GET https://b?d HTTP/1.1\r\nHost: a\r\n\r\n",
        .init("GET", "/?d", authority: "b")),
    AcceptedCase("an asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .init("OPTIONS", "*")),
    AcceptedCase(
        "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .init("GET", "/", authority: "", host: "Host: ")),
    AcceptedCase(
        "an IPv6 Host with a port", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
        .init("GET", "/", authority: "[::1]:8080", host: "Host: [::1]:8080")),
    AcceptedCase(
        "methods are case-sensitive, and unknown ones are the router's business",
        "get / HTTP/1.1\r\nHost: a\r\n\r\n", .init("get", "/")),
]

private func chunked(_ content: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + content
}

private func fields(_ lines: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\r\n" }

private func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }

/// Requests that must be rejected, each with its status and code.
let rejectedCases: [RejectedCase] =
    requestLineRejections + fieldRejections + framingRejections + chunkRejections + hostRejections

private let requestLineRejections: [RejectedCase] = [
    RejectedCase("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    RejectedCase("a bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    RejectedCase("a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    RejectedCase("a bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"),
    RejectedCase("a CR too many", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    RejectedCase("a bare CR in the target", line("GET /\r/ HTTP/1.1")),
    RejectedCase("NUL in the target", line("GET /\0 HTTP/1.1")),
    RejectedCase("a tab for a space", line("GET\t/ HTTP/1.1")),
    RejectedCase("two spaces before the target", line("GET  / HTTP/1.1")),
    RejectedCase("two spaces after the target", line("GET /  HTTP/1.1")),
    RejectedCase("a space at the end", line("GET / HTTP/1.1 ")),
    RejectedCase("a space at the start", line(" GET / HTTP/1.1")),
    RejectedCase("a space in the target", line("GET /a b HTTP/1.1")),
    RejectedCase("no version: HTTP/0.9", "GET /\r\n\r\n"),
    RejectedCase("no target", line("GET HTTP/1.1")),
    RejectedCase("an empty target", line("GET  HTTP/1.1")),
    RejectedCase("a method that is no token", line("G@T / HTTP/1.1")),
    RejectedCase("a target outside of ASCII", line("GET /grün HTTP/1.1")),
    RejectedCase("a fragment", line("GET /a#b HTTP/1.1")),
    RejectedCase("a target without a slash", line("GET a HTTP/1.1")),
    RejectedCase("an asterisk with GET (RFC 9112, 3.2.4)", line("GET * HTTP/1.1")),
    RejectedCase("an authority as target", line("GET a:80 HTTP/1.1")),
    RejectedCase("another scheme", line("GET ftp://a/ HTTP/1.1")),
    RejectedCase("an absolute target without a host", line("GET http:/// HTTP/1.1")),
    RejectedCase("an absolute target with user information", line("GET http://u@a/ HTTP/1.1")),
    RejectedCase("a version in lower case", line("GET / http/1.1")),
    RejectedCase("a version of two digits", line("GET / HTTP/1.10")),
    RejectedCase("a version without a dot", line("GET / HTTP/1,1")),
    RejectedCase("a version with a sign", line("GET / HTTP/+1.1")),
    RejectedCase("a TLS handshake", "\u{16}\u{3}\u{1}"),
    RejectedCase("HTTP/2.0", line("GET / HTTP/2.0"), 505, "http_version_not_supported"),
    RejectedCase("HTTP/0.9 by name", line("GET / HTTP/0.9"), 505, "http_version_not_supported"),
    RejectedCase("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported"),
    RejectedCase("CONNECT", line("CONNECT a:443 HTTP/1.1"), 501, "method_not_implemented"),
]

private let fieldRejections: [RejectedCase] = [
    RejectedCase("a space before the colon (RFC 9112, 5.1)", fields("X : 1")),
    RejectedCase("a tab before the colon", fields("X\t: 1")),
    RejectedCase("no colon", fields("X")),
    RejectedCase("no name", fields(": 1")),
    RejectedCase("a name outside of ASCII", fields("Grün: 1")),
    RejectedCase("a name in parentheses", fields("(X): 1")),
    RejectedCase("a folded line (RFC 9112, 5.2)", fields("X: 1\r\n 2")),
    RejectedCase("a folded line with a tab", fields("X: 1\r\n\t2")),
    RejectedCase("white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    RejectedCase("a line of white space", fields("X: 1\r\n ")),
    RejectedCase("NUL in a value", fields("X: a\0b")),
    RejectedCase("an escape character in a value", fields("X: \u{1B}[0m")),
    RejectedCase("DEL in a value", fields("X: \u{7F}")),
    RejectedCase("a bare CR in a value", fields("X: a\rY: b")),
    RejectedCase("a bare LF in a value", fields("X: a\nY: b")),
    RejectedCase("a CR too many", fields("X: a\r")),
    RejectedCase("a bare LF at the head's end", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
    RejectedCase("a bare CR at the head's end", "GET / HTTP/1.1\r\nHost: a\r\n\rx"),
    RejectedCase("an unknown expectation", fields("Expect: 200-ok"), 417, "expectation_failed"),
]

private let framingRejections: [RejectedCase] = [
    RejectedCase("both framings, the length first", fields("Content-Length: 3\r\nTransfer-Encoding: chunked")),
    RejectedCase("both framings, the coding first", fields("Transfer-Encoding: chunked\r\nContent-Length: 3")),
    RejectedCase("two lengths", fields("Content-Length: 3\r\nContent-Length: 4")),
    RejectedCase("two equal lengths", fields("Content-Length: 3\r\nContent-Length: 3")),
    RejectedCase("a list of equal lengths", fields("Content-Length: 3, 3")),
    RejectedCase("an empty length", fields("Content-Length:")),
    RejectedCase("a length with a plus", fields("Content-Length: +3")),
    RejectedCase("a negative length", fields("Content-Length: -3")),
    RejectedCase("a hexadecimal length", fields("Content-Length: 0x3")),
    RejectedCase("a length with a space inside", fields("Content-Length: 3 3")),
    RejectedCase("a length with a point", fields("Content-Length: 3.0")),
    RejectedCase("a length of other digits", fields("Content-Length: ３")),
    RejectedCase("a length over the limit", fields("Content-Length: 1048577"), 413, "body_too_large"),
    RejectedCase("the largest length", fields("Content-Length: 9223372036854775807"), 413, "body_too_large"),
    RejectedCase("a length of 64 bits", fields("Content-Length: 18446744073709551616"), 413, "body_too_large"),
    RejectedCase(
        "a length of 40 digits", fields("Content-Length: \(String(repeating: "9", count: 40))"), 413, "body_too_large"),
    RejectedCase("a coding with HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    RejectedCase("an empty coding", fields("Transfer-Encoding:")),
    RejectedCase("a coding that does not end with chunked", fields("Transfer-Encoding: chunked, gzip")),
    RejectedCase("a coding that only looks like chunked", fields("Transfer-Encoding: xchunked")),
    RejectedCase("chunked with a parameter", fields("Transfer-Encoding: chunked;a=b")),
    RejectedCase("chunked and nothing", fields("Transfer-Encoding: chunked,")),
    RejectedCase("identity", fields("Transfer-Encoding: identity")),
    RejectedCase("gzip", fields("Transfer-Encoding: gzip, chunked"), 501, "transfer_coding_not_supported"),
    RejectedCase(
        "chunked twice", fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 501,
        "transfer_coding_not_supported"),
]

private let chunkRejections: [RejectedCase] = [
    RejectedCase("no size", chunked("\r\nx\r\n0\r\n\r\n")),
    RejectedCase("a size that is no number", chunked("g\r\n")),
    RejectedCase("a size with 0x", chunked("0x1\r\nx\r\n0\r\n\r\n")),
    RejectedCase("a negative size", chunked("-1\r\n")),
    RejectedCase("a size with a plus", chunked("+1\r\n")),
    RejectedCase("a space before the size", chunked(" 1\r\n")),
    RejectedCase("a space after the size", chunked("1 \r\nx\r\n0\r\n\r\n")),
    RejectedCase("a size of nine digits", chunked("000000001\r\nx\r\n0\r\n\r\n")),
    RejectedCase("a size of 64 bits", chunked("FFFFFFFFFFFFFFFF\r\n")),
    RejectedCase("a size over the limit", chunked("FFFFFFFF\r\n"), 413, "body_too_large"),
    RejectedCase("a bare LF after the size", chunked("1\nx\r\n0\r\n\r\n")),
    RejectedCase("a bare CR after the size", chunked("1\rx\r\n0\r\n\r\n")),
    RejectedCase("a bare LF in an extension", chunked("1;a\nb\r\nx\r\n0\r\n\r\n")),
    RejectedCase("NUL in an extension", chunked("1;\0\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension without a name", chunked("1;\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension without its value", chunked("1;a=\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension with a space", chunked("1; a\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension whose quotes do not end", chunked("1;a=\"b\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension with something behind its quotes", chunked("1;a=\"b\"c\r\nx\r\n0\r\n\r\n")),
    RejectedCase("an extension of 300 bytes", chunked("1;\(String(repeating: "a", count: 300))\r\n")),
    RejectedCase(
        "extensions that are longer together than a head may be",
        chunked(String(repeating: "1;\(String(repeating: "a", count: 200))\r\nx\r\n", count: 90)), 431,
        "header_fields_too_large"),
    RejectedCase("a chunk that is longer than its size", chunked("1\r\nxy\r\n0\r\n\r\n")),
    RejectedCase("a chunk that is shorter than its size", chunked("3\r\nx\r\n0\r\n\r\n")),
    RejectedCase("a bare LF after a chunk", chunked("1\r\nx\n0\r\n\r\n")),
    RejectedCase("a bare CR after a chunk", chunked("1\r\nx\r0\r\n\r\n")),
    RejectedCase("a trailer without a colon", chunked("0\r\nX\r\n\r\n")),
    RejectedCase("a folded trailer", chunked("0\r\nX: 1\r\n 2\r\n\r\n")),
    RejectedCase("a trailer with NUL", chunked("0\r\nX: \0\r\n\r\n")),
    RejectedCase("a trailer with a space before the colon", chunked("0\r\nX : 1\r\n\r\n")),
    RejectedCase("a length as trailer (RFC 9110, 6.5.1)", chunked("0\r\nContent-length: 3\r\n\r\n")),
    RejectedCase("a coding as trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    RejectedCase("a bare LF after the trailers", chunked("0\r\nX: 1\r\n\n")),
    RejectedCase(
        "trailers that are longer than a head may be",
        chunked("0\r\n" + String(repeating: "X: \(String(repeating: "a", count: 200))\r\n", count: 90)), 431,
        "header_fields_too_large"),
]

private let hostRejections: [RejectedCase] =
    [
        RejectedCase("no Host", "GET / HTTP/1.1\r\n\r\n"),
        RejectedCase("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        RejectedCase("two Hosts with HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        RejectedCase("an absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n"),
    ]
    + ["a b", "a/b", "a,b", "u@a", "a:b", "a:80:80", ":80", "[::1", "::1", "[]", "[g]", "[::1]a", "a]", "a?", "ä"].map {
        RejectedCase("Host: \($0)", "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n")
    }
