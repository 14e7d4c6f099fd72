import CLibcurl

/// A `curl_slist` of strings; libcurl does not copy it, so it must outlive its last use.
final class FieldList {
    let pointer: UnsafeMutablePointer<curl_slist>?

    /// Copies strings into a list.
    init(_ texts: [String]) throws(HTTPClientError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts {
            guard let longer = curl_slist_append(list, text) else {
                curl_slist_free_all(list)
                throw HTTPClientError(.other, "out of memory")
            }
            list = longer
        }
        pointer = list
    }

    deinit { curl_slist_free_all(pointer) }
}
