import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/processes.ts";
import { expectSound } from "../support/project-state.ts";
import { type SshHost, sshUnavailable, startSshHost } from "../support/ssh-host.ts";
import { type TestProject, binary, collect, freePort } from "../support/studio.ts";

if (sshUnavailable !== null) {
  process.stderr.write(`Tests of another host are left out: ${sshUnavailable}.\n`);
}

const secret = "planted-Zq8-secret";
let host: SshHost;
let port: number;
/** The project's folder on the host. */
let home: string;
const folders: string[] = [];

beforeAll(async () => {
  if (sshUnavailable !== null) return;
  [host, port] = [await startSshHost(), await freePort()];
  home = join(host.home, "studio", "s-live");
});

afterAll(async () => {
  await host?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new checkout of the project on another machine, without any state. */
function checkout(gate = "300ms"): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-checkout-"));
  folders.push(folder);
  writeFileSync(
    join(folder, "studio.yaml"),
    `name: s
environments:
  live:
    ssh: ${host.address}
    variables: { required: [SHOP_TOKEN] } # and what is named: \${STUDIO_FAULT}
serve: { port: ${port} }
deploy:
  health: { passes: 1 }
  gate: { duration: ${gate}, thresholds: ["errors<1%"] }
  watch: { for: 300ms, thresholds: ["errors<1%"] }
  drain: 2s
`,
  );
  return folder;
}

function start(folder: string, argv: readonly string[], more: Record<string, string> = {}) {
  return spawn(process.execPath, [binary, "--env", "live", ...argv], {
    cwd: folder,
    env: { ...host.env, SHOP_TOKEN: secret, ...more },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

function studio(folder: string, argv: readonly string[], more: Record<string, string> = {}) {
  const child = start(folder, argv, more);
  child.stdin.end();
  return collect(child);
}

async function resultOf<T>(folder: string, ...argv: string[]): Promise<T> {
  const { stdout, stderr, exitCode } = await studio(folder, [...argv, "--json"]);
  expect(exitCode, stderr).toBe(0);
  return (JSON.parse(stdout) as { result: T }).result;
}

/** What runs on the host, looked at past studio. */
function expectSoundHost(where: string) {
  const url = `http://127.0.0.1:${port}`;
  return expectSound({ directory: home, port, url } as TestProject, where);
}

interface Status {
  serving: { release: string } | null;
}

const servingRelease = async (folder: string) =>
  (await resultOf<Status>(folder, "status")).serving?.release;

interface Operation {
  kind: string;
  outcome: string;
}

/** Waits for a word on the standard error of a command that runs. */
function said(child: ChildProcess, word: string): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes(word)) resolve();
    });
    child.once("close", () => reject(new Error(`It ended without "${word}": ${text}`)));
  });
}

/** Processes of this machine that hold the connections of a command. */
function connectionsOf(pid: number | undefined): number[] {
  return processes()
    .filter(({ line }) => line.includes(`/${pid}-`))
    .map((one) => one.pid);
}

function processes(): { pid: number; line: string }[] {
  const { stdout } = spawnSync("ps", ["-eo", "pid=,args=", "ww"], { encoding: "utf8" });
  return stdout.split("\n").map((text) => {
    const [, pid = "0", line = ""] = /^\s*(\d+) (.*)$/.exec(text) ?? [];
    return { pid: Number(pid), line };
  });
}

/** Runs on the host end with the operation, whoever listens. */
async function runsEnded(): Promise<void> {
  const running = () =>
    processes().some(({ line }) => line.includes(host.home) && / __run /.test(line));
  for (let round = 0; running() && round < 4; round += 1) {
    await until("the run on the host has ended", () => !running()).catch(() => {});
  }
  expect(running()).toBe(false);
}

describe.skipIf(sshUnavailable !== null)("an environment on another host", () => {
  test("is deployed from a checkout, which is left as it was", { timeout: 240_000 }, async () => {
    const folder = checkout();
    expect(await studio(folder, ["status"])).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(home, "studio.yaml"))).toBe(false);
    const preview = await studio(folder, ["deploy", "--dry-run"]);
    expect(preview).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Steps") });
    expect(existsSync(join(home, "studio.yaml"))).toBe(false);
    const deployed = await studio(folder, ["deploy"]);
    expect(deployed.exitCode, deployed.stderr).toBe(0);
    expect(deployed.stderr).toContain("done: Start release");
    expect(deployed.stdout).toContain(`http://127.0.0.1:${port}`);
    expect(readdirSync(folder)).toEqual(["studio.yaml"]);
    expect(await expectSoundHost("deployed")).toMatchObject({ serves: true });
    // Looking is done in a copy there, of which nobody here knows.
    const { stdout } = await studio(folder, ["doctor", "--json"]);
    expect(stdout).toContain(`"found": "${join(folder, "studio.yaml")}"`);
    expect(stdout).toContain(join(home, ".studio", "backups"));
    expect(stdout).not.toContain("/copies/");
  });

  test("is rolled back from another empty checkout", { timeout: 240_000 }, async () => {
    const [first, second] = [checkout(), checkout()];
    const before = await servingRelease(second);
    const { release } = await resultOf<{ release: string }>(first, "deploy");
    expect(await servingRelease(second)).not.toBe(before);
    const back = await resultOf<{ release: string }>(second, "rollback");
    expect([release, back.release]).toContain(await servingRelease(first));
    await expectSoundHost("rolled back");
  });

  test("prints with --json the one document, and passes the exit code on", async () => {
    const folder = checkout();
    const missing = await studio(folder, ["rollback", "20200101T000000Z-aaaa", "--json"]);
    expect(missing.exitCode).toBe(2);
    expect(JSON.parse(missing.stdout)).toMatchObject({
      schema: "studio.rollback/v1",
      ok: false,
      exitCode: 2,
      error: { code: "id.unknown" },
    });
  });

  test("two machines exclude each other", { timeout: 240_000 }, async () => {
    const [one, other] = [checkout("3s"), checkout()];
    const first = start(one, ["deploy"]);
    const ended = collect(first);
    await said(first, "done: Keep what the release");
    const second = await studio(other, ["deploy"]);
    expect(second).toMatchObject({ exitCode: 7, stderr: expect.stringContaining("is locked by") });
    expect(await studio(other, ["maintenance", "on"])).toMatchObject({ exitCode: 7 });
    expect((await ended).exitCode).toBe(0);
    await expectSoundHost("after two deploys");
  });

  test("a command that is killed leaves the deploy to finish", { timeout: 240_000 }, async () => {
    const folder = checkout("3s");
    const before = await servingRelease(folder);
    const child = start(folder, ["deploy"]);
    await said(child, "done: Keep what the release");
    child.kill("SIGKILL");
    await runsEnded();
    expect(await expectSoundHost("killed here")).toMatchObject({ serves: true });
    expect(await servingRelease(checkout())).not.toBe(before);
  });

  test.each(["here", "there"])(
    "a connection that is killed %s is made again, and the deploy followed to its end",
    { timeout: 240_000 },
    async (side) => {
      const child = start(checkout("3s"), ["deploy"]);
      const ended = collect(child);
      await said(child, "done: Keep what the release");
      const relays = processes().filter(
        ({ line }) => line.includes(host.home) && line.includes("__relay"),
      );
      const victims = side === "here" ? connectionsOf(child.pid) : relays.map(({ pid }) => pid);
      expect(victims.length).toBeGreaterThan(0);
      for (const pid of victims) process.kill(pid, "SIGKILL");
      const { exitCode, stderr, stdout } = await ended;
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain("connecting again");
      expect(stderr).toContain("done: Record the release as the current one");
      expect(stdout).toContain("serves");
      await expectSoundHost(`connection killed ${side}`);
    },
  );

  test.each(["resume", "abort"])(
    "a run that is killed on the host is ended from another checkout: %s",
    { timeout: 240_000 },
    async (word) => {
      const point = "operation#begin:after";
      const killed = await studio(checkout(), ["deploy"], { STUDIO_FAULT: `kill:${point}` });
      expect(killed).toMatchObject({ exitCode: 6, stderr: expect.stringContaining("SIGKILL") });
      const refused = await studio(checkout(), ["deploy"]);
      const ended = await studio(checkout(), [word]);
      expect([refused.exitCode, ended.exitCode], ended.stderr).toEqual([7, 0]);
      expect(await expectSoundHost(`killed there, then ${word}`)).toMatchObject({ serves: true });
    },
  );

  test("Ctrl-C undoes there what was begun", { timeout: 240_000 }, async () => {
    const folder = checkout("3s");
    const before = await servingRelease(folder);
    const child = start(folder, ["deploy"]);
    const ended = collect(child);
    await said(child, "done: Keep what the release");
    child.kill("SIGINT");
    const { exitCode, stderr } = await ended;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toContain("undone: Keep what the release");
    expect(await servingRelease(folder)).toBe(before);
    await expectSoundHost("interrupted");
    const [last] = await resultOf<Operation[]>(folder, "history");
    expect(last).toMatchObject({ kind: "deploy", outcome: "undone" });
  });

  test("a program is handed the streams, and its exit code comes back", async () => {
    const child = start(checkout(), ["exec", "--", "sh", "-c", "cat; pwd; echo bad >&2; exit 7"]);
    child.stdin.end("typed here\n");
    const { exitCode, stdout, stderr } = await collect(child);
    expect([exitCode, stdout, stderr]).toEqual([7, `typed here\n${home}\n`, "bad\n"]);
  });

  test.skipIf(spawnSync("script", ["-qec", "true", "/dev/null"]).status !== 0)(
    "a program that wants a terminal has this one",
    { timeout: 60_000 },
    async () => {
      const words = [process.execPath, binary, "exec", "--env", "live", "--", "sh", "-c"];
      const line = [...words, "'tty; read answer; echo got $answer; exit 5'"].join(" ");
      const child = spawn("script", ["-qec", line, "/dev/null"], {
        cwd: checkout(),
        env: { ...host.env, SHOP_TOKEN: secret, TERM: "xterm" },
        stdio: "pipe",
      });
      child.stdout.once("data", () => child.stdin.write("this\n"));
      const { exitCode, stdout } = await collect(child);
      expect(stdout).toMatch(/^\/dev\/pts\/\d+\r\nthis\r\ngot this\r\n/);
      expect(exitCode).toBe(5);
    },
  );

  test("logs are followed until they are no longer wanted", { timeout: 60_000 }, async () => {
    const child = start(checkout(), ["logs", "-f", "--lines", "1"]);
    const ended = collect(child);
    let lines = "";
    child.stdout.on("data", (chunk) => (lines += String(chunk)));
    await until("a line comes", () => lines.includes("\n"));
    expect(JSON.parse(lines.split("\n")[0] ?? "")).toHaveProperty("level");
    child.kill("SIGINT");
    expect((await ended).exitCode).toBe(0);
    await runsEnded();
  });

  test("a secret of this machine reaches the release, and nothing else", {
    timeout: 60_000,
  }, async () => {
    const folder = checkout();
    const child = start(folder, ["exec", "--", "sh", "-c", 'echo "$SHOP_TOKEN"; sleep 2']);
    const ended = collect(child);
    await until("the program runs there", () => processes().some(({ line }) => line === "sleep 2"));
    expect(processes().filter(({ line }) => line.includes(secret))).toEqual([]);
    expect((await ended).stdout).toBe(`${secret}\n`);
    const found = spawnSync("grep", ["-rlF", secret, host.home], { encoding: "utf8" }).stdout;
    const kept = join(home, ".studio", "remote", "variables.json");
    expect(found.trim().split("\n")).toEqual([kept]);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  test("what serves starts again on the host alone", { timeout: 120_000 }, async () => {
    const there = (word: string) =>
      collect(
        spawn(process.execPath, [binary, word, "--env", "live"], {
          cwd: home,
          env: { PATH: host.env["PATH"], HOME: host.home },
        }),
      );
    expect(await there("down")).toMatchObject({ exitCode: 0 });
    const up = await there("up");
    expect(up.exitCode, up.stderr).toBe(0);
    await expectSoundHost("started on the host");
  });

  test("an older studio refuses what a newer one has changed", async () => {
    const mark = join(home, ".studio", "remote", "home.json");
    const text = readFileSync(mark, "utf8");
    writeFileSync(mark, JSON.stringify({ ...(JSON.parse(text) as object), version: "99.0.0" }));
    const refused = await studio(checkout(), ["deploy"]).finally(() => writeFileSync(mark, text));
    expect(refused).toMatchObject({ exitCode: 8, stderr: expect.stringContaining("99.0.0") });
  });
});

describe.skipIf(sshUnavailable !== null)("a host that cannot be used", () => {
  const refusal = async (folder: string) => {
    const { exitCode, stdout } = await studio(folder, ["status", "--json"]);
    expect(exitCode).toBe(8);
    const { error } = JSON.parse(stdout) as { error: { code: string; hint: string } };
    expect(error.hint).not.toBe("");
    return error.code;
  };

  test("is told by what is wrong with it", { timeout: 60_000 }, async () => {
    const folder = checkout();
    const keys = readFileSync(host.knownHosts, "utf8");
    writeFileSync(host.knownHosts, "");
    expect(await refusal(folder)).toBe("remote.hostKeyUnknown");
    const other = readFileSync(join(host.env["HOME"] ?? "", ".ssh", "id_ed25519.pub"), "utf8");
    writeFileSync(host.knownHosts, `[127.0.0.1]:${host.port} ${other}`);
    expect(await refusal(folder)).toBe("remote.hostKeyChanged");
    writeFileSync(host.knownHosts, keys);
    const accepted = readFileSync(host.authorizedKeys, "utf8");
    writeFileSync(host.authorizedKeys, "");
    expect(await refusal(folder)).toBe("remote.permissionDenied");
    writeFileSync(host.authorizedKeys, accepted);
    const settings = readFileSync(join(folder, "studio.yaml"), "utf8");
    const ssh = `ssh: { host: ${host.address}, port: 1 }`;
    writeFileSync(join(folder, "studio.yaml"), settings.replace(/ssh: .*/, ssh));
    expect(await refusal(folder)).toBe("remote.unreachable");
    writeFileSync(join(folder, "studio.yaml"), settings.replace(/ssh: .*/, "ssh: no.such.invalid"));
    expect(await refusal(folder)).toBe("remote.hostNotFound");
  });
});

describe.skipIf(sshUnavailable !== null)("the files of a project", () => {
  test("go there when they changed, and only from what git takes", {
    timeout: 240_000,
  }, async () => {
    const folder = checkout();
    const put = (path: string, text: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    put("notes/one.txt", "one");
    put("big.bin", "x".repeat(3_000_000));
    put("run.sh", "#!/bin/sh\n");
    chmodSync(join(folder, "run.sh"), 0o755);
    put("ignored.log", "no");
    put(".gitignore", "*.log\nmodels/\n");
    spawnSync("git", ["init", "-q", folder]);
    const first = await studio(folder, ["migrate", "up"]);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(readFileSync(join(home, "notes/one.txt"), "utf8")).toBe("one");
    expect(statSync(join(home, "run.sh")).mode & 0o777).toBe(0o755);
    expect(existsSync(join(home, "ignored.log"))).toBe(false);
    rmSync(join(folder, "notes"), { recursive: true });
    put("renamed/big.bin", "x".repeat(3_000_000));
    rmSync(join(folder, "big.bin"));
    put("two.txt", "two");
    writeFileSync(join(home, "made-there.txt"), "stays");
    const second = await studio(folder, ["migrate", "up"]);
    expect(second.stderr).toContain("Sending 1 file (0.0 MB)");
    expect(existsSync(join(home, "notes"))).toBe(false);
    expect(statSync(join(home, "renamed/big.bin")).size).toBe(3_000_000);
    expect(readFileSync(join(home, "made-there.txt"), "utf8")).toBe("stays");
  });
});
