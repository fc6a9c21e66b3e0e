# A PostgreSQL server for the time of a run: its own cluster in a 0700 folder, its own Unix socket in the same folder and no
# other listener, so that "trust" trusts nobody but the folder's owner and root. Sourced, not run.
# shellcheck shell=bash

postgres_folder=
postgres_pid=
postgres_url=

# postgres_start FOLDER [durable]: makes FOLDER/pg-XXXX, starts a server there and sets postgres_url, a superuser's.
# Without `durable` nothing is flushed: a test's databases do not outlive the run.
postgres_start() {
  local parent=$1 durable=${2:-} programs as_owner=()
  programs=$(postgres_programs)
  mkdir -p "$parent"
  # PostgreSQL refuses to run as root.
  if [ "$(id -u)" = 0 ]; then as_owner=(runuser -u postgres --); fi
  # A clone under /root is closed to the account postgres, and a socket's path may have 107 bytes.
  if [ ${#parent} -gt 60 ] || ! "${as_owner[@]}" test -x "$parent"; then parent=${TMPDIR:-/tmp}; fi
  postgres_folder=$(mktemp -d "$parent/pg-XXXX")
  chmod 0700 "$postgres_folder"
  if [ "$(id -u)" = 0 ]; then chown postgres "$postgres_folder"; fi

  "${as_owner[@]}" "$programs/initdb" --pgdata "$postgres_folder/data" --username postgres --auth trust \
    --encoding UTF8 --locale C --no-sync --no-instructions >"$logs/postgres.log" 2>&1 ||
    { cat "$logs/postgres.log" >&2; exit 1; }
  # Each test creates databases of its own, many at once.
  {
    cat <<CONF
listen_addresses = ''
unix_socket_directories = '$postgres_folder'
max_connections = 300
log_min_messages = fatal
log_min_error_statement = panic
CONF
    [ "$durable" = durable ] || cat <<CONF
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
autovacuum_naptime = 5min
jit = off
CONF
  } | "${as_owner[@]}" tee "$postgres_folder/data/postgresql.auto.conf" >/dev/null
  (
    cd "$postgres_folder"
    "${as_owner[@]}" "$programs/pg_ctl" start --wait --silent --pgdata data --log "$postgres_folder/server.log"
  ) || { cat "$postgres_folder/server.log" >&2; exit 1; }
  postgres_pid=$(head -n 1 "$postgres_folder/data/postmaster.pid")
  # The folder as a percent-encoded host: what libpq reads as a socket's folder, and still a plain URL.
  postgres_url=postgres://postgres@${postgres_folder//\//%2F}/postgres
}

# Stops the server that postgres_start started, by its process id, and removes its folder. Safe to call twice.
postgres_stop() {
  local waited=0
  if [ -n "$postgres_pid" ]; then
    kill -INT "$postgres_pid" 2>/dev/null || true
    while kill -0 "$postgres_pid" 2>/dev/null && [ "$waited" -lt 100 ]; do
      sleep 0.1
      waited=$((waited + 1))
    done
    kill -QUIT "$postgres_pid" 2>/dev/null || true
    postgres_pid=
  fi
  if [ -n "$postgres_folder" ]; then
    rm -rf "$postgres_folder"
    postgres_folder=
  fi
}
