package import JSON

/// The location of a value in the tree of a file, for example `severity.steps[1].atLeast`.
package struct TreePath: Sendable, Hashable, CustomStringConvertible {
    /// A step from a value to one of its members or elements.
    package enum Step: Sendable, Hashable {
        /// The member of an object with this name.
        case member(UTF8Text)
        /// The element of an array at this index, from 0.
        case element(Int)
    }

    /// The whole tree.
    package static let root = TreePath(steps: [])

    /// The steps from the whole tree; empty for the tree itself.
    package let steps: [Step]

    /// The location of a member.
    package func member(_ name: String) -> TreePath { TreePath(steps: steps + [.member(UTF8Text(name))]) }

    /// The location of an element.
    package func element(_ index: Int) -> TreePath { TreePath(steps: steps + [.element(index)]) }

    /// The location as text; empty for the whole tree. Names other than ASCII letters, digits, `_` and `-` are quoted
    /// as in JSONPath, and truncated if they are long.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .element(let index): text += "[\(index)]"
            case .member(let name) where Self.isPlain(name.string): text += text.isEmpty ? name.string : ".\(name)"
            case .member(let name): text += "['\(Self.escaped(name.string))']"
            }
        }
        return text
    }

    private static func isPlain(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    private static func escaped(_ name: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in MessageText.cleaned(name).unicodeScalars {
            if scalar == "'" || scalar == "\\" { escaped.append("\\") }
            escaped.append(scalar)
        }
        return String(escaped)
    }
}
