// A plugin that keeps an SQLite database, in WAL mode, where its configuration says.

#include <promethean/plugin.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static const promethean_host *host;
static const promethean_log_v1 *log_;

static promethean_bytes text(const char *string) {
  return (promethean_bytes){.data = (const uint8_t *)string, .size = strlen(string)};
}

static promethean_status create(const promethean_host *given, void **instance) {
  *instance = NULL;
  host = given;
  log_ = host->extension(host->context, text(PROMETHEAN_LOG_V1));
  return PROMETHEAN_OK;
}

static promethean_status start(void *instance, uint64_t operation) {
  (void)instance, (void)operation;
  return PROMETHEAN_OK;
}

static int first_text(sqlite3 *db, const char *sql, char *into) {
  sqlite3_stmt *statement;
  int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
  if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) strcpy(into, (const char *)sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return code;
}

static const char *work(const char *path) {
  static char answer[200];
  char mode[32] = "", count[32] = "", check[32] = "";
  for (int round = 0; round < 2; round++) {
    sqlite3 *db, *reader;
    if (sqlite3_open(path, &db) != SQLITE_OK) return sqlite3_errmsg(db);
    first_text(db, "PRAGMA journal_mode=WAL", mode);
    const char *steps[] = {
        "CREATE TABLE IF NOT EXISTS t(n INTEGER, s TEXT)",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<500) INSERT INTO t SELECT n, hex(randomblob(100)) FROM c",
    };
    for (int i = 0; i < 2; i++)
      if (sqlite3_exec(db, steps[i], NULL, NULL, NULL) != SQLITE_OK) return sqlite3_errmsg(db);
    if (sqlite3_open(path, &reader) != SQLITE_OK) return sqlite3_errmsg(reader);
    first_text(reader, "SELECT count(*) FROM t", count);
    sqlite3_close(reader);
    if (sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE); VACUUM", NULL, NULL, NULL) != SQLITE_OK) return sqlite3_errmsg(db);
    first_text(db, "PRAGMA integrity_check", check);
    sqlite3_close(db);
  }
  snprintf(answer, sizeof answer, "%s %s %s", mode, count, check);
  return answer;
}

static promethean_status deliver(void *instance, uint64_t delivery, const promethean_host_envelope *envelope) {
  (void)instance, (void)delivery, (void)envelope;
  char path[400], line[600];
  snprintf(path, sizeof path, "%.*s", (int)host->config.size, host->config.data);
  snprintf(line, sizeof line, "database: %s", work(path));
  log_->write(host->context, PROMETHEAN_LOG_INFO, text(line), text(""));
  return PROMETHEAN_OK;
}

static void completed(void *instance, uint64_t token, promethean_status status, promethean_host_bytes message,
                      const promethean_host_envelope *result) {
  (void)instance, (void)token, (void)status, (void)message, (void)result;
}

static void poll_(void *instance) { (void)instance; }
static promethean_status stop(void *instance, uint64_t operation) { return start(instance, operation); }
static void destroy(void *instance) { (void)instance; }

const promethean_plugin *promethean_plugin_entry_v1(void) {
  static const promethean_plugin table = {
      .struct_size = sizeof table,
      .abi_major = PROMETHEAN_ABI_MAJOR,
      .abi_minor = PROMETHEAN_ABI_MINOR,
      .id = {(const uint8_t *)"fixture", 7},
      .create = create,
      .start = start,
      .deliver = deliver,
      .completed = completed,
      .poll = poll_,
      .stop = stop,
      .destroy = destroy,
  };
  return &table;
}
