import { type MapNode, type Node, type Path, type Place, fromValue } from "./tree.ts";
import type { Variables } from "./variables.ts";

/** Variables that set one field, in the order in which the later one wins. */
const plain: readonly [name: string, path: Path][] = [
  ["API_HOST", ["serve", "host"]],
  ["API_PORT", ["serve", "port"]],
  ["API_WORKERS", ["serve", "workers"]],
  ["LOG_LEVEL", ["log", "level"]],
  ["REDIS_MAX_CONNECTIONS", ["redis", "connections"]],
  ["REDIS_SENTINEL_MASTER", ["redis", "sentinel", "master"]],
];

/** The layer of settings that environment variables give, over the project file. */
export function variableOverrides(variables: Variables): { root: MapNode; warnings: string[] } {
  const root: MapNode = { kind: "map", entries: new Map(), place: { source: "default" } };
  const given = (name: string): string | undefined => variables[name] || undefined;
  const set = (path: Path, value: unknown, name: string): void =>
    put(root, path, value, { source: "variable", name });
  const sentinel = isTrue(given("REDIS_USE_SENTINEL"));
  if (isTrue(given("DEBUG"))) set(["log", "level"], "debug", "DEBUG");
  for (const [name, path] of plain) {
    const value = given(name);
    if (value === undefined || (path[1] === "sentinel" && !sentinel)) continue;
    set(path, value, name);
  }
  const hosts = given("REDIS_SENTINEL_HOSTS");
  if (sentinel && hosts !== undefined) {
    set(
      ["redis", "sentinel", "hosts"],
      hosts.split(/[\s,]+/).filter(Boolean),
      "REDIS_SENTINEL_HOSTS",
    );
  }
  const warnings = [...databaseUrl(given, set), ...redisUrl(given, set, sentinel)];
  return { root, warnings };
}

type Given = (name: string) => string | undefined;
type Set = (path: Path, value: unknown, name: string) => void;

function databaseUrl(given: Given, set: Set): string[] {
  const path = ["database", "url"];
  if (given("DATABASE_URL") !== undefined) {
    set(path, { env: "DATABASE_URL" }, "DATABASE_URL");
    return [];
  }
  const parts = ["DB_HOST", "DB_NAME", "DB_USER"];
  const absent = parts.filter((name) => given(name) === undefined);
  if (absent.length === parts.length) return [];
  if (absent.length > 0) {
    return [
      `The DB_ variables are not used, because ${absent.join(" and ")} ` +
        `${absent.length === 1 ? "is" : "are"} not set.`,
    ];
  }
  const password = given("DB_PASSWORD") === undefined ? "" : ":${DB_PASSWORD@url}";
  const address = "${DB_HOST}:${DB_PORT:-5432}/${DB_NAME@url}";
  set(path, { template: `postgres://\${DB_USER@url}${password}@${address}` }, "DB_HOST");
  return [];
}

function redisUrl(given: Given, set: Set, sentinel: boolean): string[] {
  const path = ["redis", "url"];
  if (given("REDIS_URL") !== undefined) {
    set(path, { env: "REDIS_URL" }, "REDIS_URL");
    return [];
  }
  if (given("REDIS_HOST") === undefined && !sentinel) return [];
  const scheme = isTrue(given("REDIS_SSL")) ? "rediss" : "redis";
  const password = given("REDIS_PASSWORD") === undefined ? "" : ":${REDIS_PASSWORD@url}@";
  const address = "${REDIS_HOST:-localhost}:${REDIS_PORT:-6379}/${REDIS_DB:-0}";
  const name = given("REDIS_HOST") === undefined ? "REDIS_USE_SENTINEL" : "REDIS_HOST";
  set(path, { template: `${scheme}://${password}${address}` }, name);
  return [];
}

function isTrue(value: string | undefined): boolean {
  return /^(true|1|yes|on)$/i.test(value ?? "");
}

function put(root: MapNode, path: Path, value: unknown, place: Place): void {
  let map = root;
  for (const segment of path.slice(0, -1)) {
    const key = String(segment);
    const below: Node | undefined = map.entries.get(key)?.value;
    const next: MapNode =
      below?.kind === "map" ? below : { kind: "map", entries: new Map(), place: root.place };
    map.entries.set(key, { key: place, value: next });
    map = next;
  }
  map.entries.set(String(path.at(-1)), { key: place, value: fromValue(value, place) });
}
