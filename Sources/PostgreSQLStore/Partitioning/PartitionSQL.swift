import Encoding
import Store

/// The statements by which the replicas on a database share the partitions.
enum PartitionSQL {
    /// The lanes in the queue and those that are owned, with their owners; and the number of live replicas.
    /// Steps through the index from one lane to the next, so that the cost grows with their number and not
    /// with the deliveries.
    static let partitions = """
        WITH RECURSIVE queued (origin) AS (
            SELECT (SELECT min(origin) FROM delivery WHERE ready_at IS NOT NULL)
            UNION ALL
            SELECT (SELECT min(origin) FROM delivery WHERE ready_at IS NOT NULL AND origin > queued.origin)
            FROM queued WHERE queued.origin IS NOT NULL
        ), known AS (
            SELECT origin FROM queued WHERE origin IS NOT NULL
            UNION SELECT origin FROM origin_holder WHERE replica IS NOT NULL
        )
        SELECT known.origin,
            (SELECT min(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = known.origin)
                AS first_ready_at,
            (SELECT max(ready_at) FROM delivery WHERE ready_at IS NOT NULL AND delivery.origin = known.origin)
                AS last_ready_at,
            holder.replica,
            EXISTS (SELECT 1 FROM replica WHERE id = holder.replica AND live_until > clock_timestamp())
                AS is_replica_live,
            (SELECT count(*) FROM replica WHERE leases AND live_until > clock_timestamp()) AS replicas
        FROM known LEFT JOIN origin_holder AS holder ON holder.origin = known.origin
        ORDER BY known.origin
        """

    /// Writes a heartbeat; returns the database's time.
    static let heartbeat = """
        INSERT INTO replica (id, leases, live_until, name, signed_at, session_key, clock_offset)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond', $4, clock_timestamp(), $5, $6)
        ON CONFLICT (id) DO UPDATE SET leases = replica.leases OR excluded.leases, live_until = excluded.live_until,
            name = excluded.name, signed_at = excluded.signed_at, session_key = excluded.session_key,
            clock_offset = excluded.clock_offset
        RETURNING \(now) AS now
        """

    /// The database's time in milliseconds since 1970.
    static let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    /// Locks a key for the lifetime of the session.
    static let lockSession = "SELECT pg_advisory_lock($1)"

    /// Whether other sessions see that lock. Some servers that speak PostgreSQL's protocol do not show it.
    static let isSessionVisible = """
        SELECT EXISTS (SELECT 1 FROM pg_locks
            WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND pid = pg_backend_pid()
                AND (classid::bigint << 32 | objid::bigint) = $1) AS is_visible
        """

    /// Ends the heartbeats of replicas whose session is gone and that have not reconnected.
    static let expireGone = """
        UPDATE replica SET live_until = clock_timestamp()
        WHERE live_until > clock_timestamp() AND signed_at < clock_timestamp() - $1 * interval '1 millisecond'
            AND session_key IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM pg_locks
                WHERE locktype = 'advisory' AND objsubid = 1
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND (classid::bigint << 32 | objid::bigint) = replica.session_key)
        """

    static let deleteExpired = "DELETE FROM replica WHERE live_until < clock_timestamp() - interval '1 day'"

    static let add = "INSERT INTO origin_holder (origin) SELECT unnest($1) ON CONFLICT (origin) DO NOTHING"

    /// Locks partitions until the transaction ends, except those that others have locked. Returns none if this
    /// replica's own heartbeat has expired.
    static let lock = """
        SELECT origin, replica FROM origin_holder
        WHERE origin = ANY($1)
            AND EXISTS (SELECT 1 FROM replica WHERE id = $2 AND live_until > clock_timestamp())
        ORDER BY origin FOR UPDATE OF origin_holder SKIP LOCKED
        """

    /// Acquires locked partitions that have no live owner.
    static let acquire = """
        UPDATE origin_holder SET replica = $2, worked_at = clock_timestamp()
        WHERE origin = ANY($1) AND NOT EXISTS (
            SELECT 1 FROM replica WHERE id = origin_holder.replica AND live_until > clock_timestamp())
        RETURNING origin
        """

    /// Records that deliveries of partitions are being processed.
    static let recordActivity = "UPDATE origin_holder SET worked_at = clock_timestamp() WHERE origin = ANY($1)"

    /// Ends the leases of the former owner of partitions. The attempts do not count.
    static let endLeases = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, lease_owner = NULL, attempts = greatest(attempts - 1, 0)
        WHERE origin = ANY($1) AND ready_at IS NOT NULL AND state = 'leased'
        """

    /// Ends the leases of partitions except those of some deliveries.
    static let endLeasesButThese = "\(endLeases) AND sequence <> ALL($2)"

    /// Releases partitions in which nothing is leased.
    static let releasePartitions = """
        UPDATE origin_holder SET replica = NULL
        WHERE origin = ANY($1) AND replica = $2 AND NOT EXISTS (
            SELECT 1 FROM delivery
            WHERE delivery.origin = origin_holder.origin AND ready_at IS NOT NULL AND state = 'leased')
        """

    static let endAllLeases = """
        UPDATE delivery SET state = 'pending', ready_at = received_at, lease_owner = NULL, attempts = greatest(attempts - 1, 0)
        WHERE origin = ANY (ARRAY(SELECT origin FROM origin_holder WHERE replica = $1)) AND ready_at IS NOT NULL
            AND state = 'leased'
        """
    static let releaseAllPartitions = "UPDATE origin_holder SET replica = NULL WHERE replica = $1"
    static let leave = "DELETE FROM replica WHERE id = $1"
    static let notify = "SELECT pg_notify($1, $2)"

    /// Reads the partitions, and the number of live replicas that process deliveries.
    ///
    /// - Parameter now: the current time.
    static func fetch(
        _ connection: PostgreSQLConnection, now: Timestamp
    ) async throws -> (partitions: [PartitionAssignment.Partition], replicas: Int) {
        let rows = try await connection.run(partitions).rows
        let lanes = try rows.map { row in
            let last = try row.optionalTimestamp("last_ready_at")
            return PartitionAssignment.Partition(
                lane: try row.text("origin"),
                readyAt: try row.optionalTimestamp("first_ready_at").map {
                    QueueTime.ready($0, last: last ?? $0, now: now)
                },
                owner: try row.optionalText("replica"), isOwnerLive: try row.flag("is_replica_live"),
                exceedsMaximumWait: last.map { $0 > QueueTime.latest(after: now) } ?? false)
        }
        return (lanes, try rows.first?.count("replicas") ?? 1)
    }
}

/// The statements about replicas and partitions, for operators.
enum SharingStatusSQL {
    static let replicas = """
        SELECT coalesce(name, id) AS name, coalesce(clock_offset, 0) AS clock_offset FROM replica
        WHERE leases AND live_until > clock_timestamp() ORDER BY 1
        """

    /// Lanes whose live owner has not leased from them for a minute, although deliveries have been ready for
    /// as long and nothing is being processed.
    static let stalls = """
        SELECT held.origin, coalesce(replica.name, replica.id) AS name,
            (extract(epoch FROM clock_timestamp() - held.worked_at) * 1000)::bigint AS idle_time
        FROM origin_holder AS held JOIN replica ON replica.id = held.replica
        WHERE replica.live_until > clock_timestamp() AND held.worked_at < clock_timestamp() - interval '1 minute'
            AND (SELECT min(ready_at) FROM delivery WHERE delivery.origin = held.origin AND ready_at IS NOT NULL)
                < \(PartitionSQL.now) - 60000
            AND NOT EXISTS (
                SELECT 1 FROM delivery
                WHERE delivery.origin = held.origin AND ready_at > \(PartitionSQL.now) AND state = 'leased')
        ORDER BY held.origin
        """
}
