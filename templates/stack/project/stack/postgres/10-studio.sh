#!/bin/sh
# Runs once, when the database is made: an account for the API that is no superuser, and one for the
# exporter that reads statistics alone. The passwords go by stdin, not through a list of processes.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<SQL
CREATE ROLE studio LOGIN CREATEDB PASSWORD '${STUDIO_DATABASE_PASSWORD}';
CREATE DATABASE studio OWNER studio;
REVOKE ALL ON DATABASE studio FROM PUBLIC;
CREATE ROLE monitoring LOGIN PASSWORD '${MONITORING_DATABASE_PASSWORD}' CONNECTION LIMIT 5;
GRANT pg_monitor TO monitoring;
GRANT CONNECT ON DATABASE studio TO monitoring;
\\connect studio
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SQL
