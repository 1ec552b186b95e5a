import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDotenv } from "../../../src/config/dotenv.ts";
import { loadProject } from "../../../src/config/project.ts";
import { configurationJsonSchema } from "../../../src/config/schema.ts";
import { packageRoot } from "../../../src/package-root.ts";
import { load, projectFolder } from "./project-folder.ts";

const template = (name: string) => readFile(join(packageRoot, "templates", name), "utf8");

/** Every key there is; the values below `deploy` are the defaults. */
const example = `name: my-studio
environments:                       # every key below may be overridden inside an environment
  local:      { target: local }
  production:
    target: compose
    ssh: deploy@studio.example.com  # absent: this machine
    compose: { files: [compose.yaml], profiles: [production], proxy: nginx }
    domains: [studio.example.com]
    database: { url: { env: DATABASE_URL }, pool: { size: 10, overflow: 20 } }
    redis: { url: { env: REDIS_URL } }
    variables: { required: [JWT_SECRET_KEY], file: .env.production }
    features: { vectorSearch: true }
  cluster:    { target: swarm, swarm: { replicas: 3 } }
deploy:
  health: { path: /health/ready, timeout: 60s, passes: 3 }
  gate:   { scenario: smoke, duration: 10s, thresholds: [p95<500ms, errors<1%] }   # local: 3s
  watch:  { for: 60s, thresholds: [errors<1%] }                                     # local: 5s; none on a first deploy
  drain: 30s
  undoWindow: 10m
  keepReleases: 5
  hooks: { before: [], after: [], failed: [] }
migrate: { directory: migrations, lockTimeout: 3s }
backup:
  repository: .studio/backups          # or s3://bucket/prefix
  s3: { endpoint: https://…, region: … }
  recipients: [age1…]
  exclude: ["**/*.tmp"]
  sets:
    models:   { files: [models/**] }
    database: { database: true }
    full:     { files: [models/**, uploads/**, content/**, studio.yaml, .env*], logs: 7d, database: true, ledger: true }
  retention: { last: 7, hourly: 24, daily: 30, weekly: 8, monthly: 12, yearly: 0, floor: 3 }
schedule:
  defaults: { timezone: UTC, overlap: skip, catchUp: once, timeout: 2h, jitter: 0s }
  jobs:                                # run: studio words; shell: a command line
    models:   { cron: "0 * * * *", run: backup create --set models, catchUp: none, group: backup }
    database: { cron: "0 2 * * *", run: backup create --set database, group: backup }
    full:     { cron: "0 3 * * 0", run: backup create --set full, group: backup }
    cleanup:  { cron: "0 4 * * *", run: backup prune, group: backup }
notify:
  channels: { ops: { slack: { url: { env: SLACK_URL } } } }
  routes:   [{ level: error, to: [ops] }]
bench: { directory: benchmarks, baseline: main }
serve:
  host: 127.0.0.1
  port: 8000
  models: [models]                     # searched before the bundled ones
  auth: { required: auto }             # auto: off on loopback only
  rateLimit: { default: 100/60s, routes: { "POST /api/v1/batch/process": 10/60s } }
  cors: { origins: [] }
  limits: { body: 10MB, text: 100000, batch: 256, pixels: 50MP }
  watch: false
  cache: { bytes: 64MB, ttl: 5m }
`;

test("every key of the whole example loads, in each of its environments", async () => {
  const production = await load(example, { environment: "production" });
  expect(production.settings).toMatchObject({
    target: "compose",
    ssh: { host: "deploy@studio.example.com", port: null, path: null },
    compose: { files: ["compose.yaml"], profiles: ["production"], proxy: "nginx" },
    database: { url: { env: "DATABASE_URL" } },
    variables: { required: ["JWT_SECRET_KEY"], file: ".env.production" },
    features: { vectorSearch: true },
    backup: { sets: { full: { logs: 604_800_000 } } },
    serve: { watch: false, cache: { bytes: 64_000_000, ttl: 300_000 } },
  });
  const cluster = await load(example, { environment: "cluster" });
  expect(cluster.settings).toMatchObject({ target: "swarm", swarm: { replicas: 3 } });
  expect((await load(example)).settings.target).toBe("local");
});

test("what the whole example writes out are the defaults", async () => {
  const common = example
    .slice(example.indexOf("deploy:"))
    .replace(/ {2}(s3|recipients): .*\n/g, "");
  const written = (
    await load(`environments: { x: { target: compose } }\n${common}`, { environment: "x" })
  ).settings;
  const defaults = (await load("environments: { x: { target: compose } }\n", { environment: "x" }))
    .settings;
  expect({ ...written, notify: null }).toEqual({ ...defaults, notify: null });
});

test("the starter file loads, and so does what it holds as comments", async () => {
  const text = (await template("studio.yaml")).replaceAll("{{name}}", "my-studio");
  expect(text).not.toContain("{{");
  const project = await load(text);
  expect(project).toMatchObject({ name: "my-studio", environments: ["local"], warnings: [] });
  const all = text
    .replace(/^( *)# (?=( {2,})?(\w+:|hooks))(?!see |full)/gm, "$1")
    .replace("[age1...]", "[age1x]");
  const everything = await load(all, { environment: "production" });
  expect(everything.settings).toMatchObject({
    target: "compose",
    notify: { routes: [{ to: ["ops"] }] },
    schedule: { jobs: { report: { shell: "./report.sh" } } },
  });
});

test("the starter file says nothing that a project without it would not have", async () => {
  const text = (await template("studio.yaml")).replaceAll("{{name}}", "x");
  const { settings } = await loadProject({ cwd: await projectFolder({}), env: {} });
  expect((await load(text)).settings).toEqual(settings);
});

test("the example of variables is a readable dotenv file", async () => {
  const { values, problems } = parseDotenv(await template("env.example"));
  expect(problems).toEqual([]);
  expect(Object.keys(values)).toEqual(["DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY"]);
});

test("the JSON Schema knows the keys of the file and of an environment", () => {
  const schema = configurationJsonSchema() as { properties: Record<string, unknown> };
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(["name", "environments", "target", "deploy", "serve"]),
  );
  expect(JSON.stringify(schema.properties.deploy)).toContain('"default":"30s"');
});
