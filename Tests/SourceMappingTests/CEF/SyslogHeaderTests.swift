import JSON
import Testing

@testable import SourceMapping

@Suite("CEF: syslog headers")
struct SyslogHeaderTests {
    private static let message = "CEF:0|v|p|1|s|n|5|a=b"

    @Test(
        "the header of RFC 3164, also in part, and of RFC 5424 may precede the message",
        arguments: [
            "", "<134>", "Sep 19 08:26:10 host ", "<134>Sep 19 08:26:10 host ", "<134>Sep  9 08:26:10 host ",
            "Dec 6 20:25:25 loghost ", "Sep 19 08:26:10 10.0.0.1 ", "Sep 19 08:26:10 fe80::1 ", "Sep 19 08:26:10 ",
            "Sep 19 2026 08:26:10 host ", "Jan 23 12:10:16 UTC egs-001 ", "Jan 23 12:10:16 UTC ",
            "Sep 19 08:26:10.123 host ",
            "Sep 19 08:26:10 host app: ", "Sep 19 08:26:10 host app[12]: ", "<13>host app: ", "host ", "app: ",
            "2026-09-19T08:26:10.123456+02:00 host app: ", "<13>2026-09-19T08:26:10Z host ",
            "<134>1 2026-09-19T08:26:10.123Z host app 12 ID47 - ", "<134>1 - - - - - - ", "<134>1 - - - - - -  ",
            "<14> 1 2023-10-02T06:41:36Z ctd-1 - - - - ",
            "<14>1 2026-07-04T09:16:35.992Z logfwd20-251f logforwarder - panwlogs - ",
            "<134>1 - - - - - [a@1 b=\"c\"] ", "<134>1 - - - - - [a@1 b=\"c\" d=\"\\]\\\"[x]\"][e@2] ",
            "<134>1 - - - - - [a@1 b=\"CEF:0|x|\"] ", "<134>1 2026-09-19T08:26:10Z h a - - - \u{FEFF}",
            "2536 <14>1 2026-07-04T09:16:35.992Z h a - - - ", "61 <13>Sep 19 08:26:10 host ",
        ])
    func header(header: String) throws {
        #expect(try CEFMessage.decode(header + Self.message) == CEFMessage.decode(Self.message))
        #expect(try CEFMessage.decode("\(header)CEF: 0|v|p|1|s|n|5|a=b") == CEFMessage.decode(Self.message))
    }

    @Test(
        "CEF: in the text of another program's line is not a message: an attacker may have written it",
        arguments: [
            "Sep 19 08:26:10 host sshd[12]: Invalid user ", "Sep 19 08:26:10 host sshd[12]: x", "user said ",
            "<13>Sep 19 08:26:10 host app: a: ", "<134>1 2026-09-19T08:26:10Z h a - - - Invalid user ",
            "<134>1 - - - - - [a b=\"c\"] x: ", "<134>1 - - - - - [a b=\"", "<134>1 - - - ", "<134>1 ", "<1345>", "<>",
            "<1",
            "x", "X", "\n", "host\n", "\u{202E}", "a b ", "{\"message\":\"", "Sep 19 host a ", "Sep 19 08:26 host a ",
        ])
    func textBefore(text: String) throws {
        #expect(throws: CEFError.self) { try CEFMessage.decode(text + Self.message) }
    }
}
