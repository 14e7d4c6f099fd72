import Store
import Testing

@Suite struct SQLStatementTests {
    @Test(arguments: [
        ("SELECT :a, :b, :a FROM t", "SELECT $1, $2, $1 FROM t"), ("VALUES (:first_name,:a)", "VALUES ($1,$2)"),
        (":a", "$1"), ("SELECT 1", "SELECT 1"), ("", ""),
    ])
    func parametersAreNumberedInTheOrderOfTheirFirstOccurrence(text: String, numbered: String) {
        let statement = SQLStatement(text)
        #expect(statement.sqlite == text)
        #expect(statement.postgreSQL == numbered)
    }

    @Test func eachEngineHasItsOwnSpelling() {
        let statement = SQLStatement(sqlite: "SELECT ?1", postgreSQL: "SELECT $1::bigint")
        #expect(statement.sqlite == "SELECT ?1")
        #expect(statement.postgreSQL == "SELECT $1::bigint")
    }
}
