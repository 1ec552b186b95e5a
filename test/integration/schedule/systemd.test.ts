import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createProject } from "../../support/studio.ts";

const settings = `
name: shop
schedule:
  jobs: { models: null, database: null, full: null, cleanup: null, drill: null, own: { cron: "30 2 * * *", timezone: Europe/Berlin, shell: "true" } }
`;

/** A machine whose crontab is a file, and whose systemctl notes what it is told. */
async function machine() {
  const project = await createProject(settings);
  onTestFinished(() => project.remove());
  const { directory } = project;
  const program = (name: string, text: string) =>
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const table = join(directory, "table");
  program(
    "crontab",
    `if [ "$1" = - ]; then cat >'${table}'; exit; fi
[ -f '${table}' ] || { echo 'no crontab for ada' >&2; exit 1; }
cat '${table}'`,
  );
  program(
    "systemctl",
    `shift; echo "$*" >>'${directory}/calls'
[ "$1" = show-environment ] && exit $(cat '${directory}/absent' 2>/dev/null || echo 0)
[ "$1" = enable ] && [ -f '${directory}/refuses' ] && { echo 'no room' >&2; exit 1; }
if [ "$1" = is-active ]; then shift; for unit; do echo active; done; fi
exit 0`,
  );
  const studio = (words: string) =>
    project.studio(words.split(" "), { PATH: `${directory}:${project.env["PATH"]}` });
  const units = () => {
    const folder = join(directory, ".config/systemd/user");
    return existsSync(folder) ? readdirSync(folder).toSorted() : [];
  };
  const calls = () => readFileSync(join(directory, "calls"), "utf8").trim().split("\n");
  const crontab = () => (existsSync(table) ? readFileSync(table, "utf8") : "");
  const mark = (name: string, text = "") => writeFileSync(join(directory, name), text);
  return { studio, units, calls, crontab, mark };
}

test("timers take the place of the crontab's lines, are left clean, and surprises are told", async () => {
  const { studio, units, calls, crontab } = await machine();
  await studio("schedule install");
  expect(crontab()).toContain("# BEGIN studio:shop");
  const installed = await studio("schedule install --target systemd");
  expect(installed.stdout).toMatch(/Installed in systemd.*own: the clocks of Europe\/Berlin skip/s);
  expect(crontab()).toBe("");
  const [service = "", timer = ""] = units();
  expect(timer).toMatch(/^studio-job-shop-local-[\da-f]{8}-own\.timer$/);
  expect(service).toBe(timer.replace(/timer$/, "service"));
  expect(calls()).toContain(`enable ${timer}`);
  expect(calls()).toContain(`restart ${timer}`);
  const again = await studio("schedule install --target systemd");
  expect(again.stdout).toContain("installed already");
  expect(calls().filter((call) => call.startsWith("enable"))).toHaveLength(1);
  expect((await studio("schedule uninstall")).stdout).toContain("Removed.");
  expect(units()).toEqual([]);
  expect(calls()).toContain(`disable --now ${timer}`);
}, 300_000);

test("a systemd that refuses, or is not there, leaves all as it was", async () => {
  const { studio, units, crontab, mark } = await machine();
  await studio("schedule install");
  const before = crontab();
  mark("refuses");
  const refused = await studio("schedule install --target systemd");
  expect(refused).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("no room") });
  expect(units()).toEqual([]);
  expect(crontab()).toBe(before);
  mark("absent", "1");
  const absent = await studio("schedule install --target systemd");
  expect(absent).toMatchObject({
    exitCode: 8,
    stderr: expect.stringContaining("--target crontab"),
  });
  const dry = await studio("schedule install --target systemd --dry-run");
  expect(dry.stdout).toMatch(/"schedule" "exec" "own" "--by" "systemd"[^]*OnCalendar=.* UTC\n/);
  expect(units()).toEqual([]);
}, 300_000);
