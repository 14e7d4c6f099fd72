package import JSON

/// Texts by name, in the order of the names' bytes. For the few entries of a finding's maps it takes less time than a
/// dictionary, and is written in its own order.
package struct TextMap: Sendable, Hashable {
    /// A text with its name.
    package struct Entry: Sendable, Hashable {
        /// The name.
        package let key: UTF8Text
        /// The text.
        package var value: String
    }

    /// The entries, sorted by name. No two have the same name.
    package private(set) var entries: [Entry] = []

    /// Whether there are no entries.
    package var isEmpty: Bool { entries.isEmpty }

    /// The length in JSON without its braces, if nothing needs escapes: in bytes, with quotes, a colon and a comma for each
    /// entry.
    var writtenLength: Int { entries.reduce(0) { $0 + $1.key.string.utf8.count + $1.value.utf8.count + 6 } }

    /// The text with this name; nil if there is none.
    package subscript(name: String) -> String? {
        get {
            let (index, isFound) = find(UTF8Text(name))
            return isFound ? entries[index].value : nil
        }
        set {
            let key = UTF8Text(name)
            let (index, isFound) = find(key)
            if let newValue {
                if isFound {
                    entries[index].value = newValue
                } else {
                    entries.insert(Entry(key: key, value: newValue), at: index)
                }
            } else if isFound {
                entries.remove(at: index)
            }
        }
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
