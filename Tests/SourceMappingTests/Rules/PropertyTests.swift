import Encoding
import JSON
import SecurityFindings
import TestSupport
import Testing

@testable import SourceMapping

@Suite("Properties of rules for any item")
struct PropertyTests {
    private static let paths = ["$.a", "$.b", "$.a.b", "$.a[*]", "$.c[*].a", "$", "$.b[*].b[*]"]
    private static let filters = [
        "", "|upper", "|lower", "|cut:1", "|cut:3", "|join:\"\"", "|join:\" {é} \"", "|upper|cut:2",
    ]

    /// A random seed, printed so that a failure can be repeated.
    private static func seed(_ name: String) -> UInt64 {
        let seed = UInt64.random(in: 0 ... .max)
        print("The seed of \(name) is \(seed).")
        return seed
    }

    /// The text that the definition of templates gives, without a bound.
    private func unbounded(_ path: String, _ filter: String, in item: JSON) throws -> String? {
        let values = try JSONPath(parsing: path).nodes(in: item).compactMap(\.scalarText)
        guard !values.isEmpty else { return nil }
        func prefix(_ text: String, _ length: Int) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
        }
        func upper(_ text: String) -> String { text.unicodeScalars.map(\.properties.uppercaseMapping).joined() }
        let joined = values.joined(separator: ", ")
        return switch filter {
        case "|upper": upper(joined)
        case "|lower": joined.unicodeScalars.map(\.properties.lowercaseMapping).joined()
        case "|cut:1": prefix(joined, 1)
        case "|cut:3": prefix(joined, 3)
        case "|join:\"\"": values.joined()
        case "|join:\" {é} \"": values.joined(separator: " {é} ")
        case "|upper|cut:2": prefix(upper(joined), 2)
        default: joined
        }
    }

    @Test("a template is the start of its definition, of at most the limit, and never empty")
    func templates() throws {
        var random = RandomJSON(seed: Self.seed("templates"))
        for _ in 0..<3000 {
            let item = random.value()
            let parts = (0..<random.number(in: 1...3)).map { _ in (random.pick(Self.paths), random.pick(Self.filters)) }
            let template = try Template(
                parsing: parts.map { "<{\($0)\($1)}}}" }.joined())
            let limit = random.number(in: 1...60)
            let expected = try parts.map { try unbounded($0, $1, in: item) }
            do throws(ItemError) {
                let text = try template.expand(item, limit: limit)
                let whole = expected.map { "<\($0 ?? "?")}" }.joined()
                #expect(text.unicodeScalars.elementsEqual(whole.unicodeScalars.prefix(limit)))
                #expect(!text.isEmpty && text.unicodeScalars.count <= limit)
            } catch {
                let missing = try #require(expected.firstIndex { $0 == nil })
                #expect(error == ItemError(.missing, paths: [parts[missing].0]))
            }
        }
    }

    @Test("any text is parsed as a template or rejected with a column within it")
    func anyTemplate() throws {
        var random = RandomJSON(seed: Self.seed("texts of templates"))
        let item: JSON = ["a": "x"]
        for _ in 0..<20_000 {
            let text = random.text(maximumPieces: 12) + random.pick(["", "{$.a|", "}", "{$.a|join:\""]) + random.text()
            do throws(TemplateError) {
                _ = try? Template(parsing: text).expand(item, limit: 10)
                _ = try Template(parsing: text)
            } catch {
                #expect((1...max(text.unicodeScalars.count, 1)).contains(error.column), "\(text.debugDescription)")
            }
        }
    }

    @Test("a doubled text expands to itself")
    func escapedTemplates() throws {
        var random = RandomJSON(seed: Self.seed("doubled braces"))
        for _ in 0..<5000 {
            let text = "x" + random.text()
            var doubled = String.UnicodeScalarView()
            for scalar in text.unicodeScalars {
                doubled.append(scalar)
                if scalar == "{" || scalar == "}" { doubled.append(scalar) }
            }
            let template = try Template(parsing: String(doubled))
            #expect(UTF8Text(try template.expand(nil, limit: 1000)) == UTF8Text(text))
        }
    }

    @Test("severities, times and identities have a result or an error for any item")
    func rules() throws {
        var random = RandomJSON(seed: Self.seed("rules"))
        let receipt = Timestamp(milliseconds: 1_795_341_600_000)
        var results = 0
        for _ in 0..<3000 {
            let item = random.value()
            let path = try ItemPath(parsing: random.pick(Self.paths))
            let step = SeverityRule.Step(atLeast: try #require(DecimalNumber("1")), label: .high)
            let severity = SeverityRule(path: path, scale: .steps([step], below: .low))
            if (try? severity.severity(of: item)) != nil { results += 1 }
            for format in TimeRule.Format.allCases {
                guard let reading = try? TimeRule(path: path, format: format).time(of: item, receivedAt: receipt) else {
                    continue
                }
                #expect(reading.time <= receipt + TimeRule.tolerance)
                #expect(!reading.isReplaced || reading.time == receipt)
            }
            if let part = try? path.value(in: item) {
                #expect(mappedID(parts: [part, part]).utf8.count <= 512)
            }
        }
        #expect(results > 20)
    }

    @Test("any tree is read as a rule, or there are errors")
    func anyTree() throws {
        var random = RandomJSON(seed: Self.seed("trees"))
        let words = ["path", "steps", "map", "atLeast", "is", "as", "first", "default", "x"]
        func tree(_ depth: Int) -> JSON {
            switch random.number(in: 0...(depth > 0 ? 6 : 3)) {
            case 0: "$.a"
            case 1: .string(random.pick(["HIGH", "iso8601", "{$.a}", "", "}"]))
            case 2: .number(random.numberText())
            case 3: random.value(depth: 0)
            case 4: .array((0..<random.number(in: 0...3)).map { _ in tree(depth - 1) })
            default:
                .object(
                    JSON.Members(
                        (0..<random.number(in: 0...4)).map { _ in (UTF8Text(random.pick(words)), tree(depth - 1)) },
                        uniquingKeysWith: { $1 }))
            }
        }
        for _ in 0..<10_000 {
            let reader = TreeReader(tree(4))
            for isRead in [
                { SeverityRule(reading: reader, errors: &$0) != nil },
                { TimeRule(reading: reader, errors: &$0) != nil },
                { reader.textRule(errors: &$0) != nil },
                { IdentityRule(reading: reader, errors: &$0) != nil },
            ] as [(inout MappingErrors) -> Bool] {
                var errors = MappingErrors()
                #expect(isRead(&errors) || !errors.isEmpty)
            }
        }
    }
}
