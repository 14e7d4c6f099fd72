import Encoding
import GRDB
import Store

/// Adds deliveries to the queue. Must be used within one database access.
struct QueueInsertion {
    private let db: Database
    private let delivery: PreparedStatement
    private let payload: PreparedStatement

    init(_ db: Database) throws {
        self.db = db
        delivery = try PreparedStatement(QueueSQL.append.sqlite, in: db)
        payload = try PreparedStatement(SQLiteQueueSQL.insertPayload, in: db)
    }

    /// Adds a delivery unless its id is known.
    func add(_ new: Delivery) throws -> AppendResult {
        try delivery.run([
            new.id, new.lane.stored, new.channel.rawValue, new.receivedAt.milliseconds, new.share,
        ])
        guard db.changesCount == 1 else { return .duplicate }
        try payload.run([db.lastInsertedRowID, new.payload])
        return .stored
    }
}
