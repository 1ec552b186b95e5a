import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseFrozenSettings } from "../../../src/config/frozen-settings.ts";
import { listEnvironments } from "../../../src/config/list-environments.ts";
import { loadProject } from "../../../src/config/project.ts";
import { load, originOf, projectFolder } from "./project-folder.ts";

test("without a file the local environment has defaults that work", async () => {
  const cwd = join(await projectFolder({}), "My Studio (Ä)");
  await mkdir(cwd);
  const project = await loadProject({ cwd, env: {} });
  expect(project).toMatchObject({
    directory: cwd,
    file: null,
    name: "my-studio-a",
    environment: "local",
    environments: ["local"],
    warnings: [],
    settings: {
      target: "local",
      ssh: null,
      database: { pool: { size: 10, overflow: 20 } },
      deploy: { gate: { scenario: "smoke", duration: 3000 }, watch: { for: 5000 }, drain: 30_000 },
      backup: { retention: { last: 7, daily: 30, floor: 3 } },
      serve: { host: "127.0.0.1", port: 8000, limits: { body: 10_000_000, pixels: 50_000_000 } },
    },
  });
  expect(Object.keys(project.settings.schedule.jobs)).toEqual([
    "models",
    "database",
    "full",
    "cleanup",
    "drill",
  ]);
  expect(project.origins.every(({ source }) => source === "default")).toBe(true);
});

test("the nearest file upward counts, and its folder is the project", async () => {
  const folder = await projectFolder({ "studio.yaml": "name: outer\n", "other.yaml": "name: x\n" });
  const cwd = join(folder, "a", "b");
  await mkdir(cwd, { recursive: true });
  expect(await loadProject({ cwd, env: {} })).toMatchObject({
    directory: folder,
    file: join(folder, "studio.yaml"),
    name: "outer",
  });
  const named = await loadProject({ cwd, env: {}, configFile: "../../other.yaml" });
  expect(named).toMatchObject({ directory: folder, name: "x" });
  await expect(loadProject({ cwd, env: {}, configFile: "none.yaml" })).rejects.toMatchObject({
    code: "config.missing",
    exitCode: 2,
  });
});

const layers = `name: studio
serve: { port: 1000, host: 127.0.0.1 }
deploy: { drain: 1s, gate: { thresholds: [p95<1s] } }
environments:
  production:
    target: compose
    serve: { port: 2000 }
    deploy: { gate: { thresholds: [p95<2s, errors<1%] } }
`;

test("default, file, environment and variable win in this order, and origins tell which", async () => {
  const env = { API_HOST: "0.0.0.0", LOG_LEVEL: "WARNING", API_WORKERS: "" };
  const project = await load(layers, { environment: "production", env });
  expect(project.settings.serve).toMatchObject({ port: 2000, host: "0.0.0.0", workers: "auto" });
  expect(project.settings.deploy).toMatchObject({ drain: 1000, keepReleases: 5 });
  expect(
    ["serve.host", "serve.port", "deploy.drain", "deploy.keepReleases", "log.level"].map((path) =>
      originOf(project, path),
    ),
  ).toEqual([
    '"0.0.0.0" variable API_HOST',
    "2000 environment studio.yaml:7",
    "1000 file studio.yaml:3",
    "5 default default",
    '"warn" variable LOG_LEVEL',
  ]);
  expect(originOf(project, "deploy.gate.thresholds")).toBe(
    '["p95<2s","errors<1%"] environment studio.yaml:8',
  );
});

test("variables of other tools that only share a name are left alone", async () => {
  const levelWith = async (env: Record<string, string>) =>
    (await load("name: a\n", { env })).settings.log.level;
  expect(await levelWith({ DEBUG: "express:*" })).toBe("info");
  expect(await levelWith({ DEBUG: "true" })).toBe("debug");
  expect(await levelWith({ DEBUG: "true", LOG_LEVEL: "CRITICAL" })).toBe("fatal");
});

test("every leaf of the settings has one origin, and no other path has one", async () => {
  const { origins, settings } = await load(layers);
  const paths = origins.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  const leaves = (value: unknown): number =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0
      ? Object.values(value).reduce((sum: number, inner) => sum + leaves(inner), 0)
      : 1;
  // The two secrets of s3 are { env: … }: one leaf each way.
  expect(origins.length).toBe(leaves(settings));
});

test("the figures for one's own machine hold for a local target alone", async () => {
  const text =
    "environments: { staging: { target: compose }, local: { deploy: { watch: { for: 9s } } } }";
  const staging = await load(text, { environment: "staging" });
  expect(staging.settings.deploy).toMatchObject({
    gate: { duration: 10_000 },
    watch: { for: 60_000 },
  });
  const local = await load(text);
  expect(local.settings.deploy).toMatchObject({ gate: { duration: 3000 }, watch: { for: 9000 } });
});

test.each([
  [{}, undefined, "local"],
  [{ STUDIO_ENV: "production" }, undefined, "production"],
  [{ ENVIRONMENT: "production", APP_ENV: "local" }, undefined, "production"],
  [{ APP_ENV: "production", STUDIO_ENV: "" }, undefined, "production"],
  [{ STUDIO_ENV: "production" }, "local", "local"],
  [{ APP_ENV: "development" }, undefined, "local"],
])("with %j and --env %s the environment is %s", async (env, environment, expected) => {
  const project = await load(layers, {
    env,
    ...(environment === undefined ? {} : { environment }),
  });
  expect(project.environment).toBe(expected);
  expect(project.environments).toEqual(["local", "production"]);
});

test("an environment that is called development is itself", async () => {
  const project = await load("environments: { development: { serve: { port: 1 } } }", {
    environment: "development",
  });
  expect(project).toMatchObject({ environment: "development", settings: { serve: { port: 1 } } });
});

test("an unknown environment is refused, with what asked for it and what exists", async () => {
  await expect(load(layers, { env: { ENVIRONMENT: "prodution" } })).rejects.toMatchObject({
    code: "environment.unknown",
    exitCode: 2,
    message: expect.stringMatching(/"prodution", which ENVIRONMENT asks for.*local, production/),
    hint: "Did you mean --env production?",
  });
});

test("maps merge, lists replace, null takes away, an empty heading changes nothing", async () => {
  const text = `
ssh: a@example.com
features: { one: true, two: true }
serve: { models: [a, b] }
deploy:
schedule:
  jobs: { cleanup: null, models: { cron: "5 * * * *" }, own: { cron: "@daily", shell: "true" } }
environments:
  production: { ssh: null, features: { two: false, one: null }, serve: { models: [c] } }
`;
  const { settings } = await load(text, { environment: "production" });
  expect(settings).toMatchObject({ ssh: null, features: { two: false }, serve: { models: ["c"] } });
  expect(Object.keys(settings.features)).toEqual(["two"]);
  expect(Object.keys(settings.schedule.jobs)).toEqual([
    "models",
    "database",
    "full",
    "drill",
    "own",
  ]);
  expect(settings.schedule.jobs.models).toEqual({
    cron: "5 * * * *",
    run: "backup create --set models",
    catchUp: "none",
    group: "backup",
  });
  expect(settings.deploy.gate.duration).toBe(3000);
});

test("a variable gives text, and numbers and switches take it", async () => {
  const text =
    'serve: { port: "${PORT}" }\nfeatures: { x: "${X:-true}" }\ndeploy: { drain: "${N}s" }\n';
  const { settings } = await load(text, { env: { PORT: "81", N: "4" } });
  expect(settings).toMatchObject({
    serve: { port: 81 },
    features: { x: true },
    deploy: { drain: 4000 },
  });
});

test("the variables file gives values, and the real environment wins over it", async () => {
  const text =
    "variables: { file: '.env.${STAGE}' }\nserve: { port: '${PORT}', host: '${HOST}' }\n";
  const folder = await projectFolder({
    "studio.yaml": text,
    ".env.x": "PORT=1\nHOST=a\nLOG_LEVEL=error\n",
  });
  const { settings } = await loadProject({ cwd: folder, env: { STAGE: "x", HOST: "b" } });
  expect(settings).toMatchObject({ serve: { port: 1, host: "b" }, log: { level: "error" } });
});

test("a variables file that does not exist is a warning, a broken one an error with its line", async () => {
  const text = "variables: { file: .env }\n";
  expect((await load(text)).warnings).toEqual([
    "The variables file .env does not exist: only the process's own environment counts.",
  ]);
  const folder = await projectFolder({ "studio.yaml": text, ".env": "A=1\nhunter2\n" });
  const error = await loadProject({ cwd: folder, env: {} }).catch((one: unknown) => one);
  expect(error).toMatchObject({ details: [{ label: ".env", line: 2, column: 1 }] });
  expect(String(error)).not.toContain("hunter2");
});

test("hooks and shell jobs keep their variables for the shell", async () => {
  const text = "deploy: { hooks: { after: ['echo ${NONE} $$'] } }\n";
  expect((await load(text)).settings.deploy.hooks.after).toEqual(["echo ${NONE} $$"]);
});

test("an environment's channel of another kind replaces the common one", async () => {
  const text = `
notify: { channels: { ops: { slack: { url: { env: A } } } } }
environments: { local: { notify: { channels: { ops: { webhook: { url: { env: B } } } } } } }
`;
  const { settings } = await load(text);
  expect(settings.notify.channels.ops).toEqual({ webhook: { url: { env: "B" }, headers: {} } });
});

test("settings survive being stored as JSON", async () => {
  const { settings } = await load(layers, { environment: "production" });
  const stored: unknown = JSON.parse(JSON.stringify(settings));
  expect(parseFrozenSettings(stored)).toEqual(settings);
});

test("stored settings of an older studio get defaults, those of a newer one are refused", async () => {
  const { settings } = await load("schedule: { jobs: { full: null } }\n");
  const { log: _log, ...older } = settings;
  expect(parseFrozenSettings(older)).toEqual(settings);
  const newer = { ...settings, serve: { ...settings.serve, future: 1 } };
  expect(() => parseFrozenSettings(newer)).toThrow(/serve\.future/);
});

test("environments are listed for completion even when the file is broken", async () => {
  const cwd = await projectFolder({
    "studio.yaml": layers,
    "broken.yaml": "a: [\n",
    "odd.yaml": "x: 1\nenvironments: { a: 5, local: }\n",
  });
  expect(await listEnvironments({ cwd })).toEqual(["local", "production"]);
  expect(await listEnvironments({ cwd, configFile: "broken.yaml" })).toEqual(["local"]);
  expect(await listEnvironments({ cwd, configFile: "odd.yaml" })).toEqual(["a", "local"]);
  expect(await listEnvironments({ cwd, configFile: "absent.yaml" })).toEqual(["local"]);
});
