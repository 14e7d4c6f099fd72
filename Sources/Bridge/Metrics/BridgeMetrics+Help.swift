extension BridgeMetrics {
    /// Help text of each metric, by name, for ``PrometheusRegistry/init(help:buckets:)``; deploy/docs/metrics.md repeats them.
    package static let help = [
        // Process and build
        "defender_bridge_build_info": "Always 1. The labels hold the version, its commit and the libraries in use.",
        "defender_bridge_loop_lag_seconds": "Delay with which an event loop runs a timer, sampled each second.",
        "defender_bridge_clock_trusted":
            "1 if the clock agrees with AWS and has not jumped ahead within a day, else 0.",
        "defender_bridge_configuration_reloads_total": "Configuration reloads by SIGHUP, by outcome.",
        "defender_bridge_configuration_last_reload_successful":
            "1 if the last configuration reload succeeded, 0 if it failed.",
        "defender_bridge_log_lines_dropped_total":
            "Log lines dropped because the reader of standard error was too slow, by level.",
        "process_cpu_seconds_total": "CPU time used by the process, in seconds.",
        "process_resident_memory_bytes": "Resident memory of the process, in bytes.",
        "process_virtual_memory_bytes": "Virtual memory of the process, in bytes.",
        "process_open_fds": "Open file descriptors.",
        "process_max_fds": "Limit on open file descriptors.",
        "process_start_time_seconds": "Start time of the process, in seconds since 1970.",
        // Intake
        "defender_bridge_deliveries_total": "Incoming deliveries, by route and outcome.",
        "defender_bridge_refusals_total": "Deliveries rejected (4xx) or deferred (503), by route and error code.",
        "defender_bridge_delivery_duration_seconds": "Time from a complete request to its response, by route.",
        "defender_bridge_last_delivery_timestamp_seconds":
            "Time of the last delivery with response 200, in seconds since 1970; 0 if none since the start.",
        "defender_bridge_source_last_delivery_timestamp_seconds":
            "Time of the last items of a mapped source, in seconds since 1970; the start of the process if none since.",
        "defender_bridge_deliveries_in_progress": "Deliveries whose response has not been sent yet.",
        "defender_bridge_http_faults_total": "Requests that are not valid HTTP, by error code.",
        "defender_bridge_unrelated_messages_total":
            "Messages of allowed topics that do not come from Device Defender, by topic.",
        "defender_bridge_ignored_events_total":
            "Events of EventBridge that neither Device Defender nor a mapped source uses, by detail type.",
        "defender_bridge_connections_closed_total":
            "Connections closed because the connection limit was reached, by kind.",
        "defender_bridge_subscriptions": "Topics by subscription state.",
        "defender_bridge_signing_certificate_fetches_total": "Fetches of SNS signing certificates, by outcome.",
        "defender_bridge_signing_certificate_expiry_timestamp_seconds":
            "Expiry of the newest known SNS signing certificate of a Region, in seconds since 1970.",
        "defender_bridge_token_key_fetches_total":
            "Fetches of the OAuth signing keys (eventBridge.oauth.jwksURL), by outcome.",
        "defender_bridge_tls_certificate_expiry_timestamp_seconds":
            "Expiry of the TLS certificate in use, in seconds since 1970.",
        "defender_bridge_tls_reloads_total": "TLS certificate reloads, by outcome.",
        // Queue and dead letters
        "defender_bridge_queue_deliveries":
            "Deliveries in the queue and dead letters, by account, Region, mapped source and state.",
        "defender_bridge_queue_oldest_age_seconds":
            "Age of the oldest delivery, by account, Region, mapped source and state; 0 if there is none.",
        "defender_bridge_queue_limit_deliveries": "Capacity of the queue (store.maxPending).",
        "defender_bridge_leases_total": "Deliveries leased by workers.",
        "defender_bridge_leases_expired_total": "Leases that expired; the delivery was leased again.",
        "defender_bridge_retries_total": "Deliveries that failed and were scheduled for a retry.",
        "defender_bridge_dead_letters_total": "Deliveries moved to the dead letters, by reason.",
        "defender_bridge_dead_letters_dropped_total": "Dead letters dropped because a limit was exceeded, by limit.",
        "defender_bridge_dead_letters_bytes": "Size of the dead letters (payloads and reasons), in bytes.",
        "defender_bridge_dead_letters_limit_ratio":
            "Share of a dead-letter limit in use, by limit: of all dead letters, or of the fullest channel.",
        "defender_bridge_delivery_delay_seconds": "Time from accepting a delivery to completing it.",
        "defender_bridge_account_paused": "1 while sending to Security Hub is paused, by account or mapped source.",
        "defender_bridge_account_stalled":
            "1 while a replica owns the account and Region but does not process its ready deliveries.",
        "defender_bridge_replica_clock_offset_seconds":
            "Offset of a replica's clock from the database's clock, in seconds; positive if ahead.",
        // Findings
        "defender_bridge_thing_lookups_total": "Lookups of things for user-defined fields, by result.",
        "defender_bridge_source_items_total": "Items of mapped sources processed, by source and result.",
        "defender_bridge_findings_total": "Findings processed, by kind, severity and outcome.",
        "defender_bridge_event_delay_seconds":
            "Time from an event, or from the start of an audit, to its finding in Security Hub.",
        "defender_bridge_import_batch_findings": "Findings in each BatchImportFindings call.",
        "defender_bridge_update_batch_findings": "Findings in each BatchUpdateFindings call.",
        "defender_bridge_open_findings":
            "Findings that are active in Security Hub, by account, Region, kind, mapped source and severity.",
        "defender_bridge_ledger_findings": "Findings in Security Hub according to the ledger, by record state.",
        "defender_bridge_ledger_unsent_findings": "Findings whose latest state has not been sent to Security Hub yet.",
        // AWS
        "defender_bridge_aws_calls_total": "AWS API calls, by service, operation and outcome.",
        "defender_bridge_aws_call_duration_seconds": "Duration of AWS API calls, by service and operation.",
        "defender_bridge_aws_throttles_total": "AWS API calls that were throttled, by account and Region.",
        "defender_bridge_aws_tokens":
            "Calls that the rate limit allows immediately; negative: number of calls that wait.",
        "defender_bridge_account_denied":
            "1 while processing is suspended because requests to AWS cannot be signed, sent or authorized.",
        "defender_bridge_catch_up_watermark_timestamp_seconds":
            "Time up to which Device Defender was queried for missed events, in seconds since 1970.",
        "defender_bridge_catch_up_interval_seconds": "Interval of catch-up (catchUp.interval); 0 if off.",
        "defender_bridge_catch_up_found_total": "Missed events that catch-up found, by kind.",
        // Store
        "defender_bridge_store_up": "1 if the store is available, else 0.",
        "defender_bridge_store_commits_total": "Transactions committed.",
        "defender_bridge_store_commit_writes": "Writes in each transaction.",
        "defender_bridge_store_commit_duration_seconds": "Duration of a transaction.",
        "defender_bridge_store_size_bytes": "Size of the SQLite database with its WAL files, in bytes.",
        "defender_bridge_store_free_bytes": "Free space on the file system of the SQLite database, in bytes.",
        "defender_bridge_postgresql_connections": "Open connections to PostgreSQL, by pool.",
        "defender_bridge_postgresql_connection_failures_total": "Failed attempts to connect to PostgreSQL, by pool.",
    ]
}
