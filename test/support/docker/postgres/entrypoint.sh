#!/bin/sh
# As much of the official image's as stacks rely on: the superuser, a database of that name, files
# of /docker-entrypoint-initdb.d, and the server's own words.
set -eu
user=${POSTGRES_USER:-postgres}
data=/var/lib/postgresql/data/server
PATH=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/postgres)"):$PATH
if [ ! -s "$data/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  # shellcheck disable=SC2086 # several words
  initdb -D "$data" -U "$user" --pwfile=/tmp/password --no-sync ${POSTGRES_INITDB_ARGS:---auth-host=scram-sha-256} >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  pg_ctl -D "$data" -s -w -o "-c listen_addresses=''" start
  [ "$user" = postgres ] || createdb -U "$user" "$user"
  for file in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -x "$file" ] || "$file"
  done
  pg_ctl -D "$data" -s -m fast stop
fi
[ "${1:-}" != postgres ] || shift
exec postgres -D "$data" -c listen_addresses='*' -c fsync=off "$@"
