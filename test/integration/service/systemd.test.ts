import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { installService, uninstallService } from "../../../src/service/install.ts";
import { type Start, describeService } from "../../../src/service/service.ts";
import { unitName, unitText } from "../../../src/service/systemd-unit.ts";
import { findProgram } from "../../support/programs.ts";

/** A systemctl that notes its calls; `linger` is the exit code of loginctl. */
async function machine({ linger = 0, enable = 0 } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "studio-service-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program(
    "systemctl",
    `echo "$2" >>'${folder}/calls'\n[ "$2" = enable ] && exit ${enable}\nexit 0`,
  );
  program("loginctl", `exit ${linger}`);
  program("crontab", "echo 'no crontab for ada' >&2; exit 1");
  const project = { name: "shop", environment: "local", directory: folder, file: null };
  const service = describeService(project, process.execPath, "/opt/studio");
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
  const unit = join(folder, ".config/systemd/user/studio-shop-local.service");
  const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  return { request: { service, env, home: folder, target: null, dryRun: false }, unit, calls };
}

test("a user's systemd that answers is chosen, installed to once, and left clean", async () => {
  const { request, unit, calls } = await machine();
  const first = await installService(request);
  expect(first).toMatchObject({ target: "systemd", changed: true, atBoot: true, place: unit });
  expect(readFileSync(unit, "utf8")).toBe(first.content);
  expect(await installService(request)).toMatchObject({ changed: false });
  expect(calls().filter((call) => call === "enable")).toHaveLength(1);
  const removed = await uninstallService(request);
  expect(removed.map((one) => one.changed)).toEqual([true, false]);
  expect(existsSync(unit)).toBe(false);
});

test("a systemd that waits for a login is told", async () => {
  const { request } = await machine({ linger: 1 });
  expect(await installService(request)).toMatchObject({ changed: true, atBoot: false });
});

test("a unit that cannot be enabled does not stay", async () => {
  const { request, unit } = await machine({ enable: 1 });
  await expect(installService(request)).rejects.toMatchObject({ code: "service.systemd-refused" });
  expect(existsSync(unit)).toBe(false);
});

const analyze = findProgram("systemd-analyze", "what systemd says of the units");

/** What systemd has against a unit; nothing where it would take it. */
async function complaintsOf(start: Start): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "studio 50% $unit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const project = { name: "shop", environment: "local", directory: folder, file: null };
  const program = fileURLToPath(new URL("../../..", import.meta.url));
  const service = describeService(project, process.execPath, program);
  const file = join(folder, unitName(service));
  writeFileSync(file, unitText(service, start));
  const { stderr, status } = spawnSync(analyze as string, ["verify", "--user", file], {
    encoding: "utf8",
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
  // Whatever else is wrong with the units of this machine is not for here.
  const own = stderr.split("\n").filter((line) => line.includes("studio-shop"));
  return own.length === 0 && status === 0 ? "" : `${status}: ${stderr}`;
}

test.skipIf(analyze === null)("systemd takes both units, wherever the project lies", async () => {
  expect(await complaintsOf({ kind: "release" })).toBe("");
  expect(await complaintsOf({ kind: "daemon", shutdown: 60_000 })).toBe("");
});

test("a daemon in the place of a release is installed anew, and removed as that is", async () => {
  const { request, unit } = await machine();
  await installService(request);
  const daemon = { ...request, start: { kind: "daemon", shutdown: 1000 } } as const;
  expect(await installService(daemon)).toMatchObject({ changed: true, present: true });
  expect(readFileSync(unit, "utf8")).toContain('"serve"');
  await uninstallService(request);
  expect(existsSync(unit)).toBe(false);
});
