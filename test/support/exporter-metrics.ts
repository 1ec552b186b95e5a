/**
 * What the exporters of the stack export, as far as its dashboards and rules read it: names with
 * their labels, beside those that every sample has. The names are those of their sources; in the
 * long form those of Debian, which are older, are asked for each of them
 * (test/docker/rendered-stack.test.ts).
 */
export const exporterMetrics: Readonly<Record<string, readonly string[]>> = {
  // node_exporter 1.12, collector/: cpu_linux.go, meminfo.go, filesystem_common.go,
  // diskstats_common.go, loadavg.go, filefd_linux.go, timex.go.
  node_cpu_seconds_total: ["cpu", "mode"],
  node_memory_MemAvailable_bytes: [],
  node_memory_MemTotal_bytes: [],
  node_filesystem_avail_bytes: ["device", "fstype", "mountpoint"],
  node_filesystem_size_bytes: ["device", "fstype", "mountpoint"],
  node_disk_read_bytes_total: ["device"],
  node_disk_written_bytes_total: ["device"],
  node_load1: [],
  node_load5: [],
  node_load15: [],
  node_filefd_allocated: [],
  node_timex_offset_seconds: [],

  // postgres_exporter 0.19: exporter/postgres_exporter.go (pg_up, pg_settings_*),
  // exporter/queries.go (pg_stat_activity_*), collector/: pg_database.go, pg_stat_database.go,
  // pg_locks.go.
  pg_up: [],
  pg_settings_max_connections: ["server"],
  pg_stat_activity_count: ["datname", "state", "usename", "application_name", "server"],
  pg_stat_activity_max_tx_duration: ["datname", "state", "usename", "application_name", "server"],
  pg_database_size_bytes: ["datname"],
  pg_stat_database_blks_hit: ["datid", "datname"],
  pg_stat_database_blks_read: ["datid", "datname"],
  pg_stat_database_deadlocks: ["datid", "datname"],
  pg_stat_database_xact_commit: ["datid", "datname"],
  pg_stat_database_xact_rollback: ["datid", "datname"],
  pg_stat_database_tup_fetched: ["datid", "datname"],
  pg_stat_database_tup_inserted: ["datid", "datname"],
  pg_stat_database_tup_updated: ["datid", "datname"],
  pg_stat_database_tup_deleted: ["datid", "datname"],
  pg_locks_count: ["datname", "mode"],

  // redis_exporter 1.86, exporter/: redis.go (redis_up), metrics.go (names of INFO's fields).
  redis_up: [],
  redis_memory_used_bytes: [],
  redis_memory_max_bytes: [],
  redis_aof_last_write_status: [],
  redis_rdb_last_bgsave_status: [],
  redis_commands_processed_total: [],
  redis_keyspace_hits_total: [],
  redis_keyspace_misses_total: [],
  redis_evicted_keys_total: [],

  // Prometheus 3.13: rules/group.go, cmd/prometheus/main.go; ALERTS: rules/alerting.go. `up` is of
  // the scrape itself.
  up: [],
  ALERTS: ["alertname", "alertstate", "severity"],
  prometheus_rule_evaluation_failures_total: ["rule_group"],
  prometheus_config_last_reload_successful: [],

  // Alertmanager 0.33: notify/notify.go, config/coordinator.go.
  alertmanager_notifications_failed_total: ["integration", "reason"],
  alertmanager_config_last_reload_successful: [],
};
