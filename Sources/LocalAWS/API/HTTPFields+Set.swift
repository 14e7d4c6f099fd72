import HTTPTypes

extension HTTPFields {
    /// Sets a field; ignores a malformed name.
    mutating func set(_ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        self[name] = value
    }
}
