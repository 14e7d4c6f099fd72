import Bridge
import PostgreSQLStore
import Store
import Testing

@Suite struct StoreLocationTests {
    @Test(arguments: [
        ("sqlite://defender-bridge.db", "defender-bridge.db"), ("sqlite:///var/lib/store.db", "/var/lib/store.db"),
        ("sqlite://folder/a b%20?.db", "folder/a b%20?.db"),
    ])
    func aSQLiteURLContainsALiteralPath(url: String, path: String) throws {
        #expect(try StoreLocation(url: url) == .sqlite(path: path))
    }

    @Test(arguments: [
        "", "sqlite:", "sqlite://", "sqlite:///", "sqlite://folder/", "SQLITE://a.db", "a.db", "file:a.db",
        "mysql://host/db", "sqlite://a\u{0}b", "sqlite://" + String(repeating: "a", count: 4096),
    ])
    func aURLWithoutAFileNameIsRejected(url: String) {
        #expect(performing: { try StoreLocation(url: url) }, throws: { ($0 as? StoreError)?.code == .invalidPath })
    }

    @Test(arguments: [
        "postgresql://bridge:secret@db/bridge", "postgres://bridge:secret@db/bridge",
        "postgresql://a:secret@one:5432,two:5433/bridge?sslmode=verify-full&target_session_attrs=any",
        "postgresql:///bridge?host=/run/postgresql&service=secret", "postgresql://",
    ])
    func aPostgreSQLURLIsAcceptedAndNeverShown(url: String) throws {
        let location = try StoreLocation(url: url)
        #expect(location == .postgresql(try PostgreSQLAddress(url: url)))
        var dumped = ""
        dump(location, to: &dumped)
        for text in ["\(location)", String(reflecting: location), dumped] { #expect(!text.contains("secret")) }
    }

    @Test(arguments: [
        "postgresql://bridge:secret@db:port:secret/x", "postgresql://a:%zzsecret@db/x", "postgres://db/x?secret=1",
        "postgresql://bridge@db:70000/secret", "postgresql://a:secret@db/\u{0}x",
    ])
    func aMalformedPostgreSQLURLIsRejectedWithoutRepeatingIt(url: String) {
        #expect(
            performing: { try StoreLocation(url: url) },
            throws: { error in
                guard let error = error as? StoreError else { return false }
                return error.code == .invalidPath && !error.description.contains("secret")
                    && !error.description.contains("ret@")
            })
    }
}
