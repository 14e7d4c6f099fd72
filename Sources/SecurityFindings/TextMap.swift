package import JSON

/// Texts by name, in the order of the names' bytes. For the few entries of a finding's maps it takes less time than a
/// dictionary, and is written in its own order.
package struct TextMap: Sendable, Hashable {
    /// A text with its name.
    package struct Entry: Sendable, Hashable {
        /// The name.
        package let key: UTF8Text
        /// The text.
        package let value: String
    }

    /// The entries, sorted by name. No two have the same name.
    package private(set) var entries: [Entry] = []

    /// Makes an empty map with space for a number of entries.
    package init(capacity: Int = 0) { entries.reserveCapacity(capacity) }

    /// Whether there are no entries.
    package var isEmpty: Bool { entries.isEmpty }

    /// The length in JSON without its braces, if nothing needs escapes: in bytes, with quotes, a colon and a comma for each
    /// entry.
    var writtenLength: Int { entries.reduce(0) { $0 + $1.key.string.utf8.count + $1.value.utf8.count + 6 } }

    /// The text with this name; nil if there is none.
    package subscript(name: String) -> String? {
        let (index, isFound) = find(UTF8Text(name))
        return isFound ? entries[index].value : nil
    }

    /// Adds a text, unless there is one with this name.
    mutating func add(_ name: String, _ value: String) {
        let key = UTF8Text(name)
        let (index, isFound) = find(key)
        if !isFound { entries.insert(Entry(key: key, value: value), at: index) }
    }

    /// Adds a text, or replaces the one with this name.
    mutating func set(_ name: String, to value: String) {
        let key = UTF8Text(name)
        let (index, isFound) = find(key)
        entries.replaceSubrange(index..<(isFound ? index + 1 : index), with: [Entry(key: key, value: value)])
    }

    /// The index of an entry, or where to insert it.
    private func find(_ key: UTF8Text) -> (index: Int, isFound: Bool) {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].key == key)
    }
}
