import Testing

/// Tests of the program itself: a process with real sockets, a real store and real clients, and a stand-in for AWS.
///
/// They run serially, because they depend on ports and load. Suites that mostly wait for minutes run in parallel with this one.
@Suite("The program", .serialized)
enum IntegrationTests {}
