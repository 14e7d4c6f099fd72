import HTTPTypes

extension HTTPFields {
    /// Sets a field by a name that is well-formed; any other is left out.
    mutating func set(_ name: String, _ value: String) {
        guard let name = HTTPField.Name(name) else { return }
        self[name] = value
    }
}
