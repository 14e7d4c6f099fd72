import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite("Log events") struct LogEventTests {
    /// The Swift sources of the product, by path.
    private func sources() throws -> [(path: String, text: String)] {
        let folder = Repository.file("Sources")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
            ($0.path, try String(contentsOf: $0, encoding: .utf8))
        }
    }

    /// The rows of a document's tables that begin with a name in backticks, or with text; each cell without its backticks.
    private func rows(under heading: String) throws -> [[String]] {
        let text = try Repository.text(of: "deploy/docs/logs.md")
        let start = try #require(text.range(of: "\n## \(heading)\n"), "no section \(heading)")
        let rest = text[start.upperBound...]
        let section = rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        return section.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| Message |") }
            .filter { !$0.hasPrefix("| Field |") }
            .map { line in
                line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    private func names(in cell: String) -> [String] { cell.matches(of: /`([^`]+)`/).map { String($0.1) } }

    @Test("Every event is listed once, has a message of its own, and is logged somewhere")
    func complete() throws {
        let sources = try sources()
        let declarations = sources.filter { $0.path.contains("/Telemetry/Logging/LogEvent+") }.map(\.text)
        let declared = declarations.joined().matches(of: /package static let (\w+) = LogEvent\(/).map { String($0.1) }
        #expect(declared.count == LogEvent.all.count && Set(declared).count == declared.count)
        #expect(Set(LogEvent.all).count == LogEvent.all.count)
        #expect(Set(LogEvent.all.map(\.message)).count == LogEvent.all.count)
        let code = sources.filter { !$0.path.contains("/Telemetry/Logging/LogEvent+") }.map(\.text).joined()
        for name in declared {
            #expect(code.contains(try Regex("\\.\(name)\\b")), "\(name) is not logged")
        }
    }

    @Test("Messages are sentences without data, and fields are declared once")
    func wording() {
        for event in LogEvent.all {
            #expect(event.message.hasSuffix("."), "\(event.message)")
            #expect(!event.message.contains(where: \.isNewline) && event.message.count <= 110, "\(event.message)")
            #expect(Set(event.fields).count == event.fields.count, "\(event.message)")
            #expect(Set(event.fields).isDisjoint(with: LogEvent.commonFields), "\(event.message)")
        }
        let used = Set(LogEvent.all.flatMap(\.fields) + LogEvent.commonFields + [.error])
        #expect(LogMetadataKey.allCases.filter { !used.contains($0) } == [])
    }

    @Test("No log statement has a message of its own")
    func statements() throws {
        let levels = "trace|debug|info|notice|warning|error|critical"
        let forbidden = try Regex("[lL]ogger\\??\\s*\\.(\(levels))\\s*\\(|[lL]ogger\\??\\s*\\.log\\(\\s*level:")
        for (path, text) in try sources() {
            #expect(!text.contains(forbidden), "\(path)")
        }
    }

    @Test("The document lists each field with its type and meaning")
    func fields() throws {
        let rows = try rows(under: "Fields")
        #expect(rows.map(\.first) == LogMetadataKey.allCases.map { "`\($0.rawValue)`" })
        for (row, key) in zip(rows, LogMetadataKey.allCases) {
            #expect(row == ["`\(key.rawValue)`", key.type.rawValue, key.meaning])
        }
    }

    @Test("The document lists each event with its level, fields and, for a problem, the action to take")
    func events() throws {
        let rows = try rows(under: "Events")
        #expect(rows.map(\.first) == LogEvent.all.map(\.message))
        for (row, event) in zip(rows, LogEvent.all) {
            try #require(row.count == 4, "\(row)")
            #expect(names(in: row[1]) == event.levelNames, "\(event.message)")
            #expect(names(in: row[2]) == event.fields.map(\.rawValue), "\(event.message)")
            let isProblem = ["warning", "error"].contains(event.levelNames.first)
            #expect(!isProblem || row[3].count > 3, "\(event.message)")
        }
    }
}
