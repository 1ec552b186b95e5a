import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { crontabBlock } from "../../../src/service/crontab-text.ts";
import { installService, uninstallService } from "../../../src/service/install.ts";
import { describeService } from "../../../src/service/service.ts";

const own = "MAILTO=ada\n# mine\n0 2 * * * date +\\%F\n";

/** A crontab program that keeps its table in a file; `write` is what `crontab -` does. */
async function machine(write = 'cat >"$table"') {
  const folder = await mkdtemp(join(tmpdir(), "studio-service-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const table = join(folder, "table");
  const script = `#!/bin/sh
table='${table}'
echo "$1" >>'${folder}/calls'
if [ "$1" = - ]; then ${write}; exit; fi
[ -f "$table" ] || { echo 'no crontab for ada' >&2; exit 1; }
cat "$table"
`;
  writeFileSync(join(folder, "crontab"), script);
  chmodSync(join(folder, "crontab"), 0o755);
  const project = { name: "shop", environment: "local", directory: folder, file: null };
  const service = describeService(project, process.execPath, "/opt/studio");
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
  const request = { service, env, home: folder, target: "crontab" as const, dryRun: false };
  const read = () => (existsSync(table) ? readFileSync(table, "utf8") : null);
  return { folder, table, request, read, block: crontabBlock(service) };
}

test("the line is installed beside the user's own, once, and removed exactly", async () => {
  const { folder, table, request, read, block } = await machine();
  writeFileSync(table, own);
  expect(await installService(request)).toMatchObject({ changed: true, present: false });
  expect(read()).toBe(own + block);
  expect(await installService(request)).toMatchObject({ changed: false, present: true });
  await uninstallService(request);
  expect(read()).toBe(own);
  const calls = readFileSync(join(folder, "calls"), "utf8").split("\n");
  expect(calls.filter((call) => call === "-")).toHaveLength(2);
});

test("a user without a crontab gets one", async () => {
  const { request, read, block } = await machine();
  await installService(request);
  expect(read()).toBe(block);
});

test("a dry run writes nothing and tells the lines", async () => {
  const { request, read, block } = await machine();
  expect((await installService({ ...request, dryRun: true })).content).toBe(block);
  expect(read()).toBeNull();
});

test("a crontab that reads back otherwise is put back, and that is an error", async () => {
  const { table, request, read } = await machine(
    'tee "$table" | grep -q reboot && echo "# more" >>"$table"; true',
  );
  writeFileSync(table, own);
  await expect(installService(request)).rejects.toMatchObject({ exitCode: 5 });
  expect(read()).toBe(own);
});

test("a cron that refuses is told with its words", async () => {
  const { request, table, read } = await machine('echo "you may not" >&2; exit 1');
  writeFileSync(table, own);
  await expect(installService(request)).rejects.toThrow("you may not");
  expect(read()).toBe(own);
});

test("a crontab that is not UTF-8 keeps its bytes, beside a block that is", async () => {
  const { request, table } = await machine();
  const bytes = Buffer.concat([Buffer.from("# caf"), Buffer.from([0xe9, 0x0a])]);
  writeFileSync(table, bytes);
  const service = { ...request.service, directory: "/srv/café" };
  await installService({ ...request, service });
  expect(readFileSync(table)).toEqual(Buffer.concat([bytes, Buffer.from(crontabBlock(service))]));
  await uninstallService(request);
  expect(readFileSync(table)).toEqual(bytes);
});
