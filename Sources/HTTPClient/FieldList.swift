import CLibcurl

/// A list of texts as libcurl wants them; libcurl does not copy it, so it must outlive its last use.
final class FieldList {
    let pointer: UnsafeMutablePointer<curl_slist>?

    /// Copies texts into a list.
    init(_ texts: [String]) throws(HTTPClientError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts {
            guard let longer = curl_slist_append(list, text) else {
                curl_slist_free_all(list)
                throw HTTPClientError(.other, "libcurl has no memory left")
            }
            list = longer
        }
        pointer = list
    }

    deinit { curl_slist_free_all(pointer) }
}
