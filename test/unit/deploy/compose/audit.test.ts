import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { settingsSchema } from "../../../../src/config/schema.ts";
import type { AuditPoint } from "../../../../src/deploy/target.ts";
import { exposure } from "../../../../src/deploy/targets/compose/audit/exposure.ts";
import { imageSecrets } from "../../../../src/deploy/targets/compose/audit/image-secrets.ts";
import { privileges } from "../../../../src/deploy/targets/compose/audit/privileges.ts";
import { refuseWeakSecrets } from "../../../../src/deploy/targets/compose/audit/refuse-weak-secrets.ts";
import { weakSecrets } from "../../../../src/deploy/targets/compose/audit/stack-secrets.ts";
import { upkeep } from "../../../../src/deploy/targets/compose/audit/upkeep.ts";
import { rolesOf } from "../../../../src/deploy/targets/compose/roles.ts";
import type {
  ServiceDefinition,
  StackConfig,
} from "../../../../src/deploy/targets/compose/stack-config.ts";

const finished = "service_completed_successfully";

const stackOf = (services: Record<string, ServiceDefinition>): StackConfig => ({
  name: "shop",
  services,
});

const stateOf = (points: AuditPoint[], title: string) => points.find((one) => one.title === title);

describe("the secrets of a stack", () => {
  const generated = "0d5f7c3e9ab14f62";

  test("are looked for in variables and in addresses, and are named by their place alone", () => {
    const environment = {
      POSTGRES_USER: "studio",
      POSTGRES_PASSWORD: "studio",
      JWT_SECRET_KEY: "hunter77",
      API_KEY: generated,
      DATABASE_URL: "postgres://studio:changeme@db:5432/studio",
      REDIS_URL: `redis://:${generated}@redis:6379/0`,
      MAX_TOKENS: "512",
    };
    const found = weakSecrets(stackOf({ api: { environment } }));
    expect(found).toEqual([
      { place: "api.DATABASE_URL", weakness: "default" },
      { place: "api.JWT_SECRET_KEY", weakness: "weak" },
      { place: "api.POSTGRES_PASSWORD", weakness: "default" },
    ]);
  });

  test("are looked for in the files that Compose mounts as secrets", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-audit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "password.txt");
    writeFileSync(file, "changeme\n");
    const config = { ...stackOf({ api: {} }), secrets: { database: { file } } };
    expect(weakSecrets(config)).toEqual([{ place: "secrets.database", weakness: "default" }]);
  });

  test.each<[string, ServiceDefinition, string]>([
    ["arguments of the build", { build: { args: { API_KEY: "changeme" } } }, "api.build.API_KEY"],
    ["a command", { command: ["redis-server", "--requirepass", "changeme"] }, "api.command"],
    ["a shell's command", { command: ["sh", "-c", "app --token=changeme"] }, "api.command"],
    ["an entry point", { entrypoint: ["app", "--db=postgres://a:changeme@db/a"] }, "api.command"],
    ["a socket's address", { environment: { DB: "postgres://a:changeme@/a?host=/run" } }, "api.DB"],
    ["several hosts", { environment: { DB: "postgres://a:changeme@x:1,y:2/a" } }, "api.DB"],
    ["a password with signs", { environment: { DB: "amqp://a:p@ssw0rd@mq/" } }, "api.DB"],
    ["a query", { environment: { DB: "jdbc:postgresql://db/a?password=changeme" } }, "api.DB"],
    ["a connection string", { environment: { DB: "host=db user=a password=changeme" } }, "api.DB"],
    ["a Go address", { environment: { DB: "root:root@tcp(db:3306)/a" } }, "api.DB"],
    ["a pair", { environment: { NEO4J_AUTH: "neo4j/password" } }, "api.NEO4J_AUTH"],
    ["an object", { environment: { CONFIG: '{"jwt":{"secret":"changeme"}}' } }, "api.CONFIG"],
    ["an open door", { environment: { POSTGRES_HOST_AUTH_METHOD: "trust" } }, "METHOD"],
  ])("are found in %s", (_where, definition, place) => {
    const found = weakSecrets(stackOf({ api: definition }));
    expect(found).toEqual([{ place: expect.stringContaining(place), weakness: "default" }]);
  });

  test("are found where Compose takes them from: variables, configurations, mounted files", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-audit-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "app.env"), "# JWT_SECRET=changeme\nexport JWT_SECRET='changeme'\n");
    writeFileSync(join(folder, "db.txt"), "admin\n");
    const source = (name: string) => ({ type: "bind", source: join(folder, name), target: "/x" });
    const config = {
      ...stackOf({
        app: { volumes: [{ ...source("app.env"), target: "/app/.env" }] },
        db: {
          environment: { POSTGRES_PASSWORD_FILE: "/x/db.txt" },
          volumes: [{ ...source("."), target: "/x" }],
        },
      }),
      secrets: { token: { environment: "TOKEN" }, folder: { file: folder } },
      configs: { redis: { content: "port 6379\nrequirepass changeme\n" } },
    };
    expect(weakSecrets(config, { TOKEN: "secret" })).toEqual([
      { place: "app:/app/.env", weakness: "default" },
      { place: "configs.redis", weakness: "default" },
      { place: "db.POSTGRES_PASSWORD_FILE", weakness: "default" },
      { place: "secrets.token", weakness: "default" },
    ]);
  });

  test("are missed where they are empty, and none is seen where there is none", () => {
    const environment = {
      JWT_SECRET_KEY: "",
      SMTP_PASSWORD: "",
      AUTH_URL: "https://id.example.com:443/token",
      REDIS_URL: "redis://redis:6379",
      COMMAND_TOKEN: generated,
      LOGIN_HOST: "accounts:443",
      SETTINGS: '{"password":{"min":12}}',
    };
    const command = ["sh", "-c", 'redis-server --requirepass "$REDIS_PASSWORD" --token-ttl 5'];
    const weak = weakSecrets(stackOf({ api: { environment, command } }));
    expect(weak).toEqual([{ place: "api.JWT_SECRET_KEY", weakness: "empty" }]);
    expect(() => refuseWeakSecrets(weak)).toThrow("These secrets are empty: api.JWT_SECRET_KEY.");
  });

  test("of an image count where its service does not set them", () => {
    const images = new Map([
      ["api", { user: "", variables: { JWT_SECRET: "changeme", PATH: "/bin", API_KEY: "test" } }],
    ]);
    const config = stackOf({ api: { environment: { API_KEY: generated } } });
    const found = imageSecrets(config, images);
    expect(found).toEqual([{ place: "api.image.JWT_SECRET", weakness: "default" }]);
  });

  test("are refused where everybody knows them, and the refusal does not repeat them", () => {
    const known = stackOf({ api: { environment: { JWT_SECRET: "change-me-please" } } });
    expect(() => refuseWeakSecrets(weakSecrets(known))).toThrow(
      /everybody knows: api\.JWT_SECRET\.$/,
    );
    const short = stackOf({ api: { environment: { JWT_SECRET: "k3!vR9x" } } });
    expect(() => refuseWeakSecrets(weakSecrets(short))).toThrow(
      /^These secrets are easy to guess: api\.JWT_SECRET\.$/,
    );
  });

  test("that are easy to guess are tolerated by place or by name, and the plan tells of them", () => {
    const environment = { JWT_SECRET: "k3!vR9x", DB_PASSWORD: "k3!vR9y" };
    const weak = weakSecrets(stackOf({ api: { environment } }));
    expect(() => refuseWeakSecrets(weak, ["JWT_SECRET"])).toThrow(/guess: api\.DB_PASSWORD\.$/);
    expect(refuseWeakSecrets(weak, ["JWT_SECRET", "api.DB_PASSWORD"])).toEqual([
      "Easy to guess, which is tolerated: api.DB_PASSWORD, api.JWT_SECRET (`studio doctor`).",
    ]);
    const known = weakSecrets(stackOf({ api: { environment: { JWT_SECRET: "changeme" } } }));
    expect(() => refuseWeakSecrets(known, ["JWT_SECRET"])).toThrow("everybody knows");
  });
});

describe("what of a stack can be reached", () => {
  const look = (services: Record<string, ServiceDefinition>, origins: string[] = []) => {
    const settings = settingsSchema.parse({ target: "compose", serve: { cors: { origins } } });
    const config = stackOf(services);
    return exposure(config, rolesOf(config, settings), settings);
  };
  const api: ServiceDefinition = { expose: ["8000"] };
  const nginx: ServiceDefinition = {
    image: "nginx:1.28",
    ports: [{ target: 443, published: "443" }],
  };

  test("is the proxy alone, over TLS, for origins that are named", () => {
    expect(look({ api, nginx }).map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
  });

  test("is wrong where a database publishes its port, except to this machine", () => {
    const db = (host_ip: string): ServiceDefinition => ({
      volumes: [{ type: "volume", source: "data", target: "/data" }],
      ports: [{ target: 5432, published: "5432", host_ip }],
    });
    const title = "Only the front publishes ports to other machines";
    expect(stateOf(look({ api, nginx, db: db("0.0.0.0") }), title)).toMatchObject({
      state: "wrong",
      found: "db publishes 5432 for its 5432",
    });
    expect(stateOf(look({ api, nginx, db: db("127.0.0.1") }), title)?.state).toBe("ok");
  });

  test("is wrong without TLS, and with a * for an origin", () => {
    const plain = { ...nginx, ports: [{ target: 80, published: "80" }] };
    expect(stateOf(look({ api, nginx: plain }), "The public is met over TLS")?.state).toBe("wrong");
    const open = { ...api, environment: { CORS_ORIGINS: '["*"]' } };
    const found = stateOf(look({ api: open, nginx }, ["*"]), "CORS names its origins");
    expect(found?.found).toBe(
      "serve.cors.origins has a *; api allows every origin in CORS_ORIGINS",
    );
  });
});

test("what makes a container as good as root on the machine is wrong", () => {
  const socket = { type: "bind", source: "/var/run/docker.sock", target: "/var/run/docker.sock" };
  const points = privileges(
    stackOf({
      api: { privileged: true, cap_add: ["SYS_ADMIN", "NET_BIND_SERVICE"], pid: "host" },
      logs: { volumes: [socket], user: "1000" },
      cache: {},
    }),
    new Map([
      ["api", "app"],
      ["cache", ""],
    ]),
  );
  expect(points).toMatchObject([
    {
      state: "wrong",
      found:
        "api is privileged; api has the capability SYS_ADMIN; api sees the machine's processes",
    },
    { state: "wrong", found: "logs mounts it" },
    { state: "note", found: "cache does" },
  ]);
});

const engine = { loggingDriver: "json-file", liveRestore: false };

test("what an engine that was killed does not start again is told", () => {
  const title = "Services come back with the engine";
  const stack = {
    ...stackOf({
      api: { restart: "unless-stopped", depends_on: { seed: { condition: finished } } },
      db: { restart: "always" },
      queue: { deploy: { restart_policy: { condition: "on-failure", max_attempts: 3 } } },
      search: { deploy: { restart_policy: { condition: "any" } } },
      seed: {},
    }),
  };
  expect(stateOf(upkeep(stack, engine), title)).toMatchObject({
    state: "note",
    found:
      "api stays down where the engine was killed; queue stays down where the engine or the machine was started again (restart: on-failure:3)",
  });
  const live = stateOf(upkeep(stack, { ...engine, liveRestore: true }), title);
  expect(live?.found).not.toContain("api");
});

test("limits, pinned images and rotated logs are asked for", () => {
  const good: ServiceDefinition = {
    image: "postgres:17.2",
    restart: "always",
    deploy: { resources: { limits: { memory: "512m" } } },
    logging: { options: { "max-size": "10m" } },
  };
  expect(upkeep(stackOf({ db: good }), engine).map(({ state }) => state)).toEqual([
    "ok",
    "ok",
    "ok",
    "ok",
  ]);
  const points = upkeep(stackOf({ api: { image: "registry:5000/shop/api" } }), engine);
  expect(points.map(({ state }) => state)).toEqual(["note", "note", "note", "note"]);
  const local = upkeep(stackOf({ api: { image: "api:1" } }), { ...engine, loggingDriver: "local" });
  expect(stateOf(local, "Logs are rotated")?.state).toBe("ok");
});
