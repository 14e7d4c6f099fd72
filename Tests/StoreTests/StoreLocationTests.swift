import Store
import Testing

@Suite struct StoreLocationTests {
    @Test(arguments: [
        ("sqlite://defender-bridge.db", "defender-bridge.db"), ("sqlite:///var/lib/store.db", "/var/lib/store.db"),
        ("sqlite://folder/a b%20?.db", "folder/a b%20?.db"),
    ])
    func aSQLiteURLNamesItsPathAsItStands(url: String, path: String) throws {
        #expect(try StoreLocation(url: url) == .sqlite(path: path))
    }

    @Test(arguments: [
        "", "sqlite:", "sqlite://", "sqlite:///", "sqlite://folder/", "SQLITE://a.db", "a.db", "file:a.db",
        "mysql://host/db", "sqlite://a\u{0}b", "sqlite://" + String(repeating: "a", count: 4096),
    ])
    func whatNamesNoFileIsRefused(url: String) {
        #expect(performing: { try StoreLocation(url: url) }, throws: { ($0 as? StoreError)?.code == .invalidPath })
    }

    @Test(arguments: ["postgresql://bridge:secret@db/bridge", "postgres://bridge:secret@db/bridge"])
    func postgreSQLIsRecognizedAndRefusedWithoutRepeatingThePassword(url: String) {
        #expect(
            performing: { try StoreLocation(url: url) },
            throws: { error in
                guard let error = error as? StoreError else { return false }
                return error.code == .unsupported && !error.description.contains("secret")
            })
    }
}
