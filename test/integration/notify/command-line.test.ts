import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { captureHttp } from "../../support/http-capture.ts";
import { createProject } from "../../support/studio.ts";

const settings = `
name: shop
schedule:
  jobs:
    bad: { cron: "0 2 * * *", shell: "test -f mended || exit 7", ping: { env: PING_URL } }
notify:
  channels:
    ops: { webhook: { url: { env: HOOK_URL }, signingSecret: { env: HOOK_SECRET } } }
    own: { log: {} }
  routes:
    - { level: error, to: [ops] }
    - { level: info, kinds: [operation], to: [own] }
`;

test("a job that fails and works again is told and pinged for, and no secret is shown or kept", async () => {
  const project = await createProject(settings);
  const server = await captureHttp();
  onTestFinished(async () => {
    await server.close();
    await project.remove();
  });
  const planted = { path: "planted-path-a1b2", key: "planted-key-c3d4" };
  const env = {
    HOOK_URL: `${server.url}/${planted.path}`,
    HOOK_SECRET: planted.key,
    PING_URL: `${server.url}/${planted.path}-ping`,
  };
  let output = "";
  const studio = async (words: string) => {
    const { exitCode, stdout, stderr } = await project.studio(words.split(" "), env);
    output += stdout + stderr;
    return { exitCode, stdout, stderr };
  };
  expect(await studio("schedule run bad")).toMatchObject({ exitCode: 7 });
  expect(await studio("schedule run bad")).toMatchObject({ exitCode: 7 });
  project.write("mended", "");
  expect(await studio("schedule run bad")).toMatchObject({ exitCode: 0 });
  const hooks = server.requests.filter(({ path }) => path === `/${planted.path}`);
  const told = hooks.map(({ body }) => (JSON.parse(body) as { data: { title: string } }).data);
  expect(told.map(({ title }) => title)).toEqual([
    'The job "bad" failed',
    'The job "bad" succeeded',
  ]);
  expect(told[1]).toMatchObject({ recovered: { times: 2 } });
  const pings = server.requests.filter(({ path }) => path.includes("-ping"));
  const ends = pings.map(({ path }) => path.replace(/^.*-ping/, "").replace(/\?.*/, ""));
  expect(ends).toEqual(["/start", "/7", "/start", "/7", "/start", ""]);
  await server.close();
  const failed = await studio("notify test ops");
  expect(failed).toMatchObject({ exitCode: 4, stderr: expect.stringContaining("ECONNREFUSED") });
  await studio("notify list --json");
  await studio("config show --origin");
  for (const text of [output, everyFile(join(project.directory, ".studio"))]) {
    for (const secret of Object.values(planted)) expect(text.includes(secret)).toBe(false);
  }
}, 300_000);

test("an operation is told once it has ended, and a notifier that fails changes nothing about it", async () => {
  const project = await createProject(settings);
  onTestFinished(() => project.remove());
  const env = { HOOK_URL: "http://127.0.0.1:1/", HOOK_SECRET: "planted-key", PING_URL: "x" };
  const crontab = "#!/bin/sh\necho 'no crontab for ada' >&2; exit 1\n";
  writeFileSync(join(project.directory, "crontab"), crontab, { mode: 0o755 });
  const PATH = `${project.directory}:${project.env["PATH"]}`;
  const done = await project.studio(["schedule", "uninstall"], { ...env, PATH });
  expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  const log = join(project.directory, ".studio/logs/local/notifications.log");
  expect(existsSync(log)).toBe(true);
  expect(JSON.parse(readFileSync(log, "utf8"))).toMatchObject({
    kind: "operation",
    title: 'The operation "schedule" succeeded',
  });
  const run = await project.studio(["schedule", "run", "bad"], env);
  expect(run).toMatchObject({ exitCode: 7, stderr: expect.stringContaining("tried again later") });
  expect(run.stderr).toContain("ping");
}, 300_000);

function everyFile(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}
