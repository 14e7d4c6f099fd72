/// The numbers of missed events that a catch-up queued.
struct CatchUpResult: Sendable, Hashable {
    var audits = 0
    var alarms = 0
    var ends = 0
    var verifications = 0
    /// Listed elements that could not be parsed.
    var unread = 0
    /// The errors of queries that AWS denied.
    var denied: [String] = []
}
