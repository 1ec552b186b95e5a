import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ReleaseRecord } from "../../src/deploy/release.ts";
import { openLedgerForReading } from "../../src/ledger/ledger.ts";
import { findRelease } from "../../src/ledger/releases.ts";
import { changeService } from "../support/docker/change-stack.ts";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { type StackProject, stackSettings } from "../support/docker/stack-project.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";
import { collect } from "../support/studio.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a Compose stack${skipped(missing)}`, () => {
  const project = deployedStack({ restart: "always" });

  test("is deployed and rolled back under load without a lost request, though the application ends abruptly", async () => {
    const load = startLoad(project.url);
    const first = await serving(project);
    const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    expect(result).toMatchObject({ previous: first, probe: { failed: 0 } });
    expect(result.probe.requests).toBeGreaterThan(10);
    expect(await serving(project)).toBe(result.release);
    expect(recordOf(project, result.release).evidence).toEqual({
      snapshot: null,
      gate: null,
      front: {
        "upstream.conf": expect.stringContaining(`# studio release=${result.release} sha256=`),
        "maintenance.conf": "set $studio_maintenance 0;\n",
      },
      probe: result.probe,
    });
    const retired = project.containersOf(String(first));
    // The engine starts again what serves, and not what was retired.
    expect(restartPolicy(retired)).toBe("no");
    await succeed(project, rollback);
    expect(restartPolicy(retired)).toBe("always");
    expect(await serving(project)).toBe(first);
    // Within the undo window what is returned to is started, and nothing of it is made anew.
    expect(retired).toHaveLength(1);
    expect(project.containersOf(String(first))).toEqual(retired);
    const { failures, releases } = await load.stop();
    expect(failures).toEqual([]);
    expect([...releases.keys()]).toEqual([first, result.release]);
  }, 300_000);

  test("says how many streams it cut, and has nothing of the release before after an undo window of none", async () => {
    const before = String(await serving(project));
    project.write("studio.yaml", `${stackSettings({ drain: "1s" })}  undoWindow: 0s\n`);
    const stream = await fetch(`${project.url}/stream`);
    const planned = JSON.parse((await succeed(project, [...deploy, "--dry-run", "--json"])).stdout);
    const { streams } = planned.result.plan;
    // What the release before was deployed with; some that are idle may be open as well.
    expect(streams).toEqual({
      patience: 3000,
      services: [{ name: "api", open: expect.any(Number) }],
    });
    expect(streams.services[0].open).toBeGreaterThan(0);
    const back = await succeed(project, [...rollback, "--dry-run"]);
    expect(back.stdout).toMatch(
      /api: waited for 3.0 s at most; \d+ connections? (is|are) open now/,
    );
    const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    project.write("studio.yaml", stackSettings());
    await stream.body?.cancel().catch(() => {});
    expect(result).toMatchObject({ previous: before, cutStreams: 1 });
    expect(project.containersOf(before)).toEqual([]);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(before);
  }, 300_000);

  test("tells its application which features are on, and after a rollback those of before", async () => {
    project.write("studio.yaml", `${stackSettings()}features: { vectorSearch: true }\n`);
    await succeed(project, deploy);
    const variable = "STUDIO_FEATURE_VECTOR_SEARCH";
    const told = async (...service: string[]) => {
      const words = ["sh", "-c", `echo "told $${variable}"`];
      return (await succeed(project, ["exec", ...service, "--", ...words])).stdout.trim();
    };
    expect(await told()).toBe("told true");
    expect(await told("--service", "db")).toBe("told");
    project.write("studio.yaml", stackSettings());
    await succeed(project, rollback);
    expect(await told()).toBe("told");
  }, 300_000);

  test("keeps its release when the next one does not become healthy", async () => {
    const before = await serving(project);
    project.write("studio.yaml", stackSettings({ timeout: "4s" }));
    project.configure({ SICK: "1" });
    const failed = await project.studio(deploy);
    project.configure({});
    project.write("studio.yaml", stackSettings());
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("did not become healthy");
    expect(await serving(project)).toBe(before);
  }, 300_000);

  test("returns to its release when the next one stops being healthy as the public meets it", async () => {
    const before = await serving(project);
    const load = startLoad(project.url);
    project.write("studio.yaml", stackSettings({ watch: "40s" }));
    const ending = collect(project.start(deploy));
    const isNext = async () => (await serving(project)) !== before;
    await until("the next release serves", isNext, 120_000);
    // It goes on answering.
    await fetch(`${project.url}/sicken`);
    const failed = await ending;
    project.write("studio.yaml", stackSettings());
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("it stopped being healthy");
    expect(await serving(project)).toBe(before);
    expect((await load.stop()).failures).toEqual([]);
  }, 300_000);

  test("is not touched by a proxy configuration that does not parse, and is deployed once it is mended", async () => {
    const before = await serving(project);
    const load = startLoad(project.url);
    project.write("conf.d/broken.conf", "server { no such directive; }\n");
    const failed = await project.studio([...deploy, "--json"]);
    project.write("conf.d/broken.conf", "");
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(failed.stderr).toContain("nginx refuses its configuration");
    expect(failed.stderr).toContain("would not start again");
    expect(await serving(project)).toBe(before);
    await succeed(project, ["status"]);
    await succeed(project, deploy);
    expect(await serving(project)).not.toBe(before);
    expect((await load.stop()).failures).toEqual([]);
  }, 300_000);

  test("tells the public to come back later, and goes on", async () => {
    await succeed(project, ["maintenance", "on"]);
    expect((await fetch(project.url)).status).toBe(503);
    await succeed(project, ["maintenance", "on", "-m", 'moving <racks> & "disks"']);
    const told = await fetch(project.url);
    expect(told.status).toBe(503);
    expect(await told.json()).toMatchObject({ detail: 'moving <racks> & "disks"' });
    const page = await fetch(project.url, { headers: { accept: "text/html" } });
    expect(await page.text()).toContain("moving &lt;racks&gt; &amp; &quot;disks&quot;");
    await succeed(project, ["maintenance", "off"]);
    expect((await fetch(project.url)).status).toBe(200);
  }, 120_000);

  test("is taken down without its volumes, and comes up again as it was", async () => {
    const before = await serving(project);
    await succeed(project, ["exec", "--service", "db", "--", "touch", "/data/kept"]);
    await succeed(project, ["down"]);
    expect(project.running()).toEqual([]);
    await succeed(project, ["up"]);
    expect(await serving(project)).toBe(before);
    await succeed(project, ["exec", "--service", "db", "--", "test", "-e", "/data/kept"]);
  }, 300_000);

  test("loses its own volume when that is asked for and agreed to, and begins anew", async () => {
    const volume = `${project.stack}_data`;
    const down = ["down", "--volumes"];
    const planned = JSON.parse((await succeed(project, [...down, "--dry-run", "--json"])).stdout);
    expect(planned.result.plan.volumes).toMatchObject({
      own: [{ name: volume, services: ["db"], size: expect.stringMatching(/^\d/) }],
      remarks: [],
      backup: null,
    });
    const unanswered = await project.studio(down);
    expect(unanswered.exitCode, unanswered.stderr).toBe(2);
    expect(unanswered.stderr).toContain("Give --yes.");
    expect(unanswered.stderr).toContain(`${volume} (db, `);
    const reader = `${project.stack}-reader`;
    docker("create", "--name", reader, "-v", `${volume}:/data`, testImage("app"));
    const shared = await project.studio([...down, "--yes"]);
    docker("rm", reader);
    expect(shared.exitCode, shared.stderr).toBe(2);
    expect(shared.stderr).toContain(`is also that of ${reader}`);
    expect(project.running()).not.toEqual([]);
    const gone = await succeed(project, [...down, "--yes", "--json"]);
    expect(JSON.parse(gone.stdout).result).toMatchObject({
      changed: true,
      volumes: { removed: [volume], left: [] },
    });
    expect(project.running()).toEqual([]);
    expect(docker("volume", "ls", "-q").split("\n")).not.toContain(volume);
    await succeed(project, deploy);
    const kept = await project.studio([
      "exec",
      "--service",
      "db",
      "--",
      "test",
      "-e",
      "/data/kept",
    ]);
    expect(kept.exitCode).toBe(1);
  }, 300_000);

  test.each(["resume", "abort"])(
    "is rid of what was agreed to go after a kill and %s",
    async (way) => {
      const fault = { STUDIO_FAULT: "kill:volumes/volumes:before@1" };
      const killed = await project.studio(["down", "--volumes", "--yes"], fault);
      expect(killed.signal, killed.stderr).toBe("SIGKILL");
      // There is nothing to return to any more, so both carry it through.
      await succeed(project, [way]);
      expect(docker("volume", "ls", "-q").split("\n")).not.toContain(`${project.stack}_data`);
      expect(project.running()).toEqual([]);
      await succeed(project, deploy);
    },
    300_000,
  );

  test("is told in the plan which service stops before it is started again", async () => {
    const remarks = async () => {
      const { stdout } = await succeed(project, [...deploy, "--dry-run", "--json"]);
      return JSON.parse(stdout).result.plan.remarks;
    };
    const gap = "db changed: it is stopped before it is started again, which is a gap.";
    expect(await remarks()).not.toContain(gap);
    const restore = changeService(project, "db", { environment: { WORD: "another" } });
    expect(await remarks()).toContain(gap);
    restore();
  }, 120_000);

  const secret = "correct-horse-$-battery-staple";

  test("shows a secret of the application nowhere", async () => {
    project.configure({ API_TOKEN: secret.replace("$", "$$$$") });
    const { stdout, stderr } = await succeed(project, [...deploy, "--verbose"]);
    const history = await succeed(project, ["history", "--json"]);
    const status = await succeed(project, ["status", "--json"]);
    for (const text of [stdout, stderr, history.stdout, status.stdout]) {
      expect(text).not.toContain(secret);
    }
  }, 300_000);

  test("shows what its services write, of one or several, without that secret", async () => {
    say(project, "api", `token ${secret}`);
    say(project, "db", "a row");
    const show = async (...argv: string[]) =>
      (await succeed(project, ["logs", "--lines", "1", ...argv])).stdout.split("\n");
    expect(await show()).toEqual(["token (secret)", ""]);
    expect(await show("--service", "db")).toEqual(["a row", ""]);
    const both = ["--service", "api", "--service", "db"];
    expect(await show(...both)).toEqual(["api | token (secret)", "db | a row", ""]);
    const refused = await project.studio(["logs", "--service", "dbb"]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`no service "dbb" in ${project.stack}`);
    expect(refused.stderr).toContain("Its services: api, db, proxy.");
  }, 120_000);

  test("has its log followed across a restart until Ctrl-C, which is a good end", async () => {
    const both = ["--service", "api", "--service", "db"];
    const child = project.start(["logs", "--follow", "--lines", "0", ...both]);
    let shown = "";
    child.stdout?.on("data", (chunk) => (shown += String(chunk)));
    const ending = collect(child);
    const follows = (service: string, text: string, line: string) =>
      until(`the log shows ${line}`, () => {
        say(project, service, text);
        return shown.includes(`${service} | ${line}\n`);
      });
    await follows("db", "a row", "a row");
    await follows("api", `token ${secret}`, "token (secret)");
    docker("restart", "-t", "0", containerOf(project, "db"));
    await follows("db", "another row", "another row");
    child.kill("SIGINT");
    expect(await ending).toMatchObject({ exitCode: 0, signal: null });
    expect(shown).not.toContain(secret);
  }, 120_000);
});

function recordOf({ directory }: StackProject, release: string): ReleaseRecord {
  const ledger = openLedgerForReading(join(directory, ".studio", "state.db"));
  if (ledger === null) throw new Error("there is no ledger");
  const { record } = findRelease(ledger, "production", release);
  ledger.close();
  return record as ReleaseRecord;
}

const docker = (...argv: string[]): string => execFileSync("docker", argv, { encoding: "utf8" });

const restartPolicy = (ids: readonly string[]): string =>
  docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", ...ids).trim();

const containerOf = (project: StackProject, service: string): string =>
  project.running().find((name) => name.includes(`-${service}-`)) ?? "";

/** Has a service write a line: by the output of its first process. */
function say(project: StackProject, service: string, text: string): void {
  const script = 'echo "$0" >/proc/1/fd/1';
  docker("exec", containerOf(project, service), "sh", "-c", script, text);
}
