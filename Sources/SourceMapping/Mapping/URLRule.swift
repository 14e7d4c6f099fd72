import JSON

/// The URL of a page, by templates. A value at the start of a template is a URL itself; in all other values, every byte
/// that has a meaning in URLs is percent-encoded (RFC 3986, section 2), so that no value changes where a link leads.
struct URLRule: Sendable {
    let templates: TextRule

    /// The URL for an item; nil if a value is missing, or if the result is no `https` or `http` URL of printable ASCII
    /// within the limit. A console may show it as a link, so that other schemes could run scripts.
    ///
    /// - Parameter limit: the maximum length in bytes.
    func url(for item: JSON, in context: ItemContext, limit: Int) -> String? {
        guard let url = try? templates.expand(item, in: context, limit: limit + 1), url.utf8.count <= limit,
            let start = ["https://", "http://"].first(where: url.hasPrefix), url.utf8.count > start.utf8.count,
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "<") })
        else { return nil }
        return url
    }
}
