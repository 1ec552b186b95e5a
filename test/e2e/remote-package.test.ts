import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SshHost, sshUnavailable, startSshHost } from "../support/ssh-host.ts";
import { type RunResult, binary, collect } from "../support/studio.ts";

let host: SshHost;
let folder: string;

beforeAll(async () => {
  if (sshUnavailable !== null) return;
  host = await startSshHost();
  folder = mkdtempSync(join(tmpdir(), "studio-checkout-"));
  const settings = `name: s\nenvironments: { live: { ssh: ${host.address} } }\n`;
  writeFileSync(join(folder, "studio.yaml"), settings);
});

afterAll(async () => {
  await host?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function status(): Promise<RunResult> {
  const argv = [binary, "--env", "live", "status"];
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  return collect(spawn(process.execPath, argv, { cwd: folder, env: host.env, stdio }));
}

test.skipIf(sshUnavailable !== null)(
  "a host is sent studio once, and what was sent before goes, but for what runs or is to",
  {
    timeout: 240_000,
  },
  async () => {
    const sent = join(host.home, ".studio");
    const put = (name: string) => {
      mkdirSync(join(sent, name), { recursive: true });
      return join(sent, name, "node");
    };
    const { pid: dead } = spawnSync("true");
    writeFileSync(put("node/v22.0.0-x64"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    writeFileSync(put(`node/v24.0.0-x64.part.${dead}`), "cut off", { mode: 0o755 });
    put(`versions/half.part.${dead}`);
    for (let age = 1; age <= 7; age += 1) {
      put(`versions/old-${age}`);
      const then = new Date(Date.now() - age * 3_600_000);
      utimesSync(join(sent, `versions/old-${age}`), then, then);
    }
    // Two that are in use: by what runs, and by what starts with the machine.
    copyFileSync("/bin/sleep", put("node/v22.1.0-x64"));
    const running = spawn(join(sent, "node/v22.1.0-x64/node"), ["600"], { stdio: "ignore" });
    const units = join(host.home, ".config", "systemd", "user");
    mkdirSync(units, { recursive: true });
    const program = `${join(sent, "versions/old-7")}/bin/studio.js`;
    writeFileSync(join(units, "studio-s.service"), `ExecStart=node ${program} up\n`);
    try {
      expect(await status()).toMatchObject({ exitCode: 0 });
    } finally {
      running.kill();
    }
    const nodes = readdirSync(join(sent, "node"));
    expect(nodes).toContain("v22.1.0-x64");
    expect(nodes.filter((name) => name.startsWith("v22.0.0") || name.includes(".part."))).toEqual(
      [],
    );
    const versions = readdirSync(join(sent, "versions"));
    const old = versions.filter((name) => name.startsWith("old-")).toSorted();
    expect(old).toEqual(["old-1", "old-2", "old-3", "old-4", "old-7"]);
    expect(versions).toHaveLength(6);
    rmSync(join(units, "studio-s.service"));
    const again = await status();
    expect(again.stderr).not.toContain("Sending");
  },
);
