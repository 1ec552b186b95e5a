import { expect, test } from "vitest";
import { load, problemsOf } from "./project-folder.ts";

const form = { duration: "a number and a unit, such as 500ms, 30s, 10m, 2h or 7d" };

test.each([
  ["serve:\n  prot: 1\n", "2:3 serve.prot: unknown key; did you mean port?"],
  ["nmae: x\n", "1:1 nmae: unknown key; did you mean name?"],
  [
    "migrate: { zzz: 1 }\n",
    "1:12 migrate.zzz: unknown key; known here: directory, schema, lockTimeout",
  ],
  ["name: Bad Name\n", "1:7 name: must be lower-case letters, digits and dashes, 63 at most"],
  ["name: 12\n", "1:7 name: must be a text (put a number in quotes)"],
  ["target: swram\n", "1:9 target: must be local, compose or swarm; did you mean swarm?"],
  ["deploy: { drain: 30 }\n", "1:18 deploy.drain: must have a unit, as in 30s, 10MB or 50MP"],
  ["deploy: { drain: soon }\n", `1:18 deploy.drain: must be ${form.duration}`],
  ["deploy: { drain: [] }\n", `1:18 deploy.drain: must be ${form.duration}`],
  ["serve: { port: 70000 }\n", "1:16 serve.port: must be a whole number, 0 to 65535"],
  ["serve: { port: 1.5 }\n", "1:16 serve.port: must be a whole number, 0 to 65535"],
  ["serve: { port: 80x }\n", "1:16 serve.port: must be a whole number, 0 to 65535"],
  ["features: { x: maybe }\n", "1:16 features.x: must be true or false"],
  [
    "features: { vectorSearch: true, vector-search: false }\n",
    "1:48 features.vector-search: is told to applications as STUDIO_FEATURE_VECTOR_SEARCH, and so is vectorSearch: rename one",
  ],
  ["domains: studio.example.com\n", "1:10 domains: must be a list"],
  ["domains: [a_b.example]\n", "1:11 domains[0]: must be a host name"],
  ["variables: []\n", "1:12 variables: must be a map of keys and values"],
  [
    "ssh: -oProxyCommand=x\n",
    "1:6 ssh: must be USER@HOST, HOST or a name of the ssh config, or { host, port, path }",
  ],
  [
    "schedule: { jobs: { a: { cron: 1 2 3, run: x } } }\n",
    '1:32 schedule.jobs.a.cron: "1 2 3" has 3 fields where cron has five. Give minute, hour, day of month, month and day of week, such as 0 2 * * *.',
  ],
  ["schedule: { jobs: { a: { run: x } } }\n", "1:24 schedule.jobs.a.cron: is required"],
  [
    "schedule: { jobs: { a: { cron: '@daily' } } }\n",
    "1:24 schedule.jobs.a: must have either run or shell (null takes an inherited one away)",
  ],
  [
    "schedule: { defaults: { timezone: Mars } }\n",
    "1:35 schedule.defaults.timezone: must be a time zone, such as UTC or Europe/Paris",
  ],
  [
    "backup: { sets: { ../x: { ledger: true } } }\n",
    '1:19 backup.sets["../x"]: must be a name: letters, digits, and _ . - inside',
  ],
  [
    "notify: { channels: { ops: { log: {} } }, routes: [{ to: [osp] }] }\n",
    "1:59 notify.routes[0].to[0]: is not a channel of notify.channels; did you mean ops?",
  ],
  [
    "serve: { rateLimit: { default: fast } }\n",
    "1:32 serve.rateLimit.default: must be requests per time, such as 100/60s, 10/min, 1000/hour or 200/day, or a list of them",
  ],
  [
    "environments: { ../up: {} }\n",
    '1:17 environments["../up"]: must be lower-case letters, digits and dashes, 63 at most',
  ],
  ["environments: { a: 5 }\n", "1:20 environments.a: must be a map of keys and values"],
  [
    "environments:\n  a: { name: x }\n",
    "2:8 environments.a.name: cannot be set inside an environment",
  ],
  [
    "environments:\n  a: { serve: { prot: 1 } }\n",
    "2:17 environments.a.serve.prot: unknown key; did you mean port?",
  ],
  [
    "bench: { baseline: '${NONE}' }\n",
    "1:20 bench.baseline: the variable NONE is not set and has no default (${NONE:-default})",
  ],
  [
    "bench: { baseline: '${NONE' }\n",
    "1:20 bench.baseline: has a ${ that is not ${NAME} or ${NAME:-default}",
  ],
])("%j is refused with its line and column", async (text, expected) => {
  expect(await problemsOf(text)).toEqual([`studio.yaml:${expected}`]);
});

test("all problems come at once, each once, in the order of the file", async () => {
  const text = `serve:
  prot: 1
  host: 5
environments:
  one: { target: x }
  two: { deploy: { drain: 1 } }
name: "?"
`;
  const lines = await problemsOf(text);
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "studio.yaml:2:3",
    "studio.yaml:3:9",
    "studio.yaml:5:18",
    "studio.yaml:6:27",
    "studio.yaml:7:7",
  ]);
});

test("the error is a usage error with the same facts for machines", async () => {
  await expect(load("serve:\n  prot: 1\n")).rejects.toMatchObject({
    code: "config.invalid",
    exitCode: 2,
    details: [{ line: 2, column: 3, path: "serve.prot", message: expect.any(String) }],
  });
});

test("a variable with a wrong value is named in place of the file", async () => {
  expect(await problemsOf("name: a\n", { env: { API_PORT: "http" } })).toEqual([
    "API_PORT serve.port: must be a whole number, 0 to 65535",
  ]);
});

test("a missing variable of another environment does not stop this one, its mistakes do", async () => {
  const text = `environments:
  production: { domains: ["\${HOST}"], deploy: { drain: "\${DRAIN}" }, bench: { baseline: "\${B}x" } }
`;
  expect((await load(text)).environment).toBe("local");
  expect(await problemsOf(text, { environment: "production" })).toHaveLength(3);
  expect(await problemsOf(`${text}  staging: { ssh: 5 }\n`)).toEqual([
    "studio.yaml:3:19 environments.staging.ssh: must be USER@HOST, HOST or a name of the ssh config, or { host, port, path }",
  ]);
});

test("a missing variable behind an override of this environment is no problem", async () => {
  const text = 'serve: { host: "${NONE}" }\nenvironments: { local: { serve: { host: a } } }\n';
  expect((await load(text)).settings.serve.host).toBe("a");
});
