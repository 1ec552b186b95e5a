import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createProject } from "../../support/studio.ts";

const settings = `
name: shop
schedule:
  jobs: { models: null, database: null, full: null, cleanup: null, drill: null, own: { cron: "0 2 * * *", shell: "true" } }
`;

/** A project on a machine whose crontab program keeps its table in a file. */
async function machine(write = 'cat >"$table"') {
  const project = await createProject(settings);
  onTestFinished(() => project.remove());
  const table = join(project.directory, "table");
  const script = `#!/bin/sh
table='${table}'
if [ "$1" = - ]; then ${write}; exit; fi
[ -f "$table" ] || { echo 'no crontab for ada' >&2; exit 1; }
cat "$table"
`;
  writeFileSync(join(project.directory, "crontab"), script, { mode: 0o755 });
  const path = `${project.directory}:${project.env["PATH"]}`;
  const studio = (words: string) =>
    project.studio(words.split(" "), { PATH: path, LANG: "C.UTF-8" });
  const read = () => (existsSync(table) ? readFileSync(table) : null);
  return { table, studio, read };
}

const own = Buffer.concat([
  Buffer.from("MAILTO=ada\r\n# caf"),
  Buffer.from([0xe9, 0x00, 0xff]),
  Buffer.from("\n0 2 * * * date +\\%F"),
]);

test("the crontab keeps every byte of others, through installing, again and removing", async () => {
  const { table, studio, read } = await machine();
  writeFileSync(table, own);
  const dry = await studio("schedule install --dry-run");
  expect(dry.stdout).toContain("'schedule' 'exec' 'own'");
  expect(read()).toEqual(own);
  expect(await studio("schedule install")).toMatchObject({ exitCode: 0 });
  const installed = read();
  expect(installed?.subarray(0, own.length)).toEqual(own);
  expect(installed?.toString()).toMatch(
    /\n0 2 \* \* \* cd .* 'exec' 'own' .*\n@reboot cd .* 'exec' 'own' .*\n# END studio:shop/,
  );
  expect((await studio("schedule install")).stdout).toContain("installed already");
  expect(read()).toEqual(installed);
  const history = JSON.parse((await studio("history --json")).stdout);
  expect(history.result[0]).toMatchObject({ kind: "schedule", outcome: "succeeded" });
  expect(await studio("schedule uninstall")).toMatchObject({ exitCode: 0 });
  expect(read()).toEqual(own);
}, 300_000);

test("a block that somebody edited is refused, and replaced with --force", async () => {
  const { table, studio, read } = await machine();
  await studio("schedule install");
  const edited = String(read()).replace("0 2 * * *", "0 3 * * *");
  writeFileSync(table, edited);
  const refused = await studio("schedule install");
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("edited it") });
  expect(String(read())).toBe(edited);
  expect(await studio("schedule uninstall --force")).toMatchObject({ exitCode: 0 });
  expect(String(read())).toBe("");
}, 300_000);

test("a cron that refuses leaves the crontab, and no operation is left open", async () => {
  const { table, studio, read } = await machine('echo "you may not" >&2; exit 1');
  writeFileSync(table, own);
  const refused = await studio("schedule install");
  expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("you may not") });
  expect(read()).toEqual(own);
  expect((await studio("schedule uninstall")).exitCode).toBe(0);
}, 300_000);
