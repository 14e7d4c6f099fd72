import Testing

/// Tests of the program itself: a process with real sockets and a real store, real clients, and a stand-in for AWS. They
/// run one after the other, because ports and load matter to them; suites that take minutes by waiting stand beside this.
@Suite("The program", .serialized)
enum IntegrationTests {}
