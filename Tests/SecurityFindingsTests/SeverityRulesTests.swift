import DeviceDefender
import JSON
import Testing

@testable import SecurityFindings

@Suite("Severity rules")
struct SeverityRulesTests {
    // MARK: Patterns

    @Test(
        "a pattern matches the whole text, with * for any text and ? for one character",
        arguments: [
            ("a", "a", true), ("a", "A", false), ("a", "ab", false), ("ab", "a", false), ("a", "", false),
            ("*", "", true), ("*", "anything/at all", true), ("**", "x", true), ("?", "", false), ("?", "x", true),
            ("?", "xy", false), ("?", "é", true), ("?", "e\u{301}", false), ("??", "e\u{301}", true), ("a*", "a", true),
            ("a*", "abc", true), ("a*", "ba", false),
            ("*a", "ba", true), ("*a", "ab", false), ("*ab", "aab", true), ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "acb", false),
            ("*a?b", "aab", true), ("*a?b", "aaxab", false), ("*a?b", "aaxabb", true),
            ("Fleet/*-?", "Fleet/Messages-1", true),
            ("Fleet/*", "Fleet", false), ("*/*", "Fleet/x", true), ("[a-z]", "b", false), ("[a-z]", "[a-z]", true),
            ("a.c", "abc", false),
            ("\\*", "*", false), ("*_CHECK", "LOGGING_DISABLED_CHECK", true), ("е*", "e", false),
        ])
    func patterns(pattern: String, text: String, isMatch: Bool) {
        #expect(Glob(pattern).matches(Array(text.unicodeScalars)) == isMatch)
    }

    @Test("matching agrees with its definition for all short patterns and texts")
    func definition() {
        func all(_ letters: String, upTo length: Int) -> [String] {
            var words = [""]
            var last = words
            for _ in 0..<length {
                last = last.flatMap { word in letters.map { word + String($0) } }
                words += last
            }
            return words
        }
        func isMatch(_ pattern: Substring, _ text: Substring) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "*" {
                return isMatch(pattern.dropFirst(), text) || (!text.isEmpty && isMatch(pattern, text.dropFirst()))
            }
            guard let character = text.first, first == "?" || first == character else { return false }
            return isMatch(pattern.dropFirst(), text.dropFirst())
        }
        let texts = all("ab", upTo: 5)
        for pattern in all("ab*?", upTo: 4) {
            for text in texts {
                let isExpected = isMatch(pattern[...], text[...])
                #expect(Glob(pattern).matches(Array(text.unicodeScalars)) == isExpected, "\(pattern) \(text)")
            }
        }
    }

    @Test("a pattern with many stars that almost matches ends quickly")
    func manyStars() {
        // Exponential backtracking would not finish.
        let glob = Glob(String(repeating: "a*", count: 127) + "b")
        #expect(!glob.matches(Array(repeating: "a", count: 257)))
    }

    // MARK: Entries

    @Test(
        "an invalid rule is rejected with a reason that names it",
        arguments: ["", "a", "=LOW", "a=", "a=SEVERE", "a=LOW=", String(repeating: "x", count: 257) + "=LOW"])
    func rejected(entry: String) {
        let error = #expect(throws: InvalidPatternError.self) {
            try SeverityRules(entries: ["good=LOW", entry])
        }
        #expect(error?.description.contains("\"\(entry)\"") == true)
    }

    @Test("more rules than the maximum are rejected")
    func tooMany() throws {
        _ = try SeverityRules(entries: Array(repeating: "a=LOW", count: 256))
        #expect(throws: InvalidPatternError.self) {
            try SeverityRules(entries: Array(repeating: "a=LOW", count: 257))
        }
    }

    @Test("the first matching rule applies, and labels are case-insensitive")
    func order() throws {
        let rules = try SeverityRules(entries: ["a=b=low", "Fleet/*=High", "Fleet/x=CRITICAL", "*=INFORMATIONAL"])
        #expect(rules.severity(of: "a=b") == .low)
        #expect(rules.severity(of: "Fleet/x") == .high)
        #expect(rules.severity(of: "fleet/x") == .informational)
        #expect(SeverityRules.none.severity(of: "a") == nil)
        #expect(try SeverityRules(entries: ["b=LOW"]).severity(of: "a") == nil)
    }

    // MARK: Findings

    @Test(
        "an alarm has the severity of the rules, otherwise of its behavior's name, otherwise medium",
        arguments: [
            ("Bytes-High", "*=LOW", "LOW", "High"), ("Bytes-High", "Other/*=LOW", "HIGH", "High"),
            ("Bytes", "Fleet/Bytes=CRITICAL", "CRITICAL", "MEDIUM"),
            ("Bytes", "Bytes=CRITICAL", "MEDIUM", "MEDIUM"), ("Bytes", "Other/*=LOW", "MEDIUM", "MEDIUM"),
            ("Bytes", "Fleet=LOW", "MEDIUM", "MEDIUM"), ("Bytes", "?leet/B*=INFORMATIONAL", "INFORMATIONAL", "MEDIUM"),
        ])
    func alarms(behavior: String, rule: String, label: String, original: String) throws {
        let finding = SecurityFinding(
            alarm: try Alarm(Samples.alarmJSON(name: behavior)), accountRegion: try Samples.accountRegion(),
            severities: try SeverityRules(entries: [rule]))
        #expect(finding.severity.label.rawValue == label)
        #expect(finding.severity.original == original)
    }

    @Test(
        "audit findings and summaries have the severity of the rules, otherwise Device Defender's",
        arguments: [
            ("LOGGING_*=CRITICAL", "CRITICAL"), ("LOGGING_DISABLED_CHECK=INFORMATIONAL", "INFORMATIONAL"),
            ("*/*=CRITICAL", "LOW"), ("logging_*=CRITICAL", "LOW"),
        ])
    func audits(rule: String, label: String) throws {
        let rules = try SeverityRules(entries: [rule])
        let task = try Samples.task()
        let json = Samples.findingJSON(
            check: "LOGGING_DISABLED_CHECK", type: "ACCOUNT_SETTINGS", identifier: ["account": "111122223333"])
        let result = try #require(task.checks.first { $0.check.name == "LOGGING_DISABLED_CHECK" })
        let findings = [
            SecurityFinding(
                auditFinding: try AuditFinding(json), task: task, accountRegion: try Samples.accountRegion(),
                severities: rules),
            SecurityFinding(
                summaryOf: result, task: task, accountRegion: try Samples.accountRegion(), severities: rules),
        ]
        for finding in findings {
            #expect(finding.severity.label.rawValue == label)
            #expect(finding.severity.original == "LOW")
            #expect(finding.json["FindingProviderFields"]?["Severity"]?["Label"]?.string == label)
        }
    }
}
