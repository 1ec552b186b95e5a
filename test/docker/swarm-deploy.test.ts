import { describe, expect, test } from "vitest";
import { deployedSwarm } from "../support/docker/deployed-swarm.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { type SwarmProject, swarmSettings } from "../support/docker/swarm-project.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a stack of a Swarm${skipped(missing)}`, () => {
  const project = deployedSwarm();

  test("is deployed and rolled back under load without a lost request", async () => {
    const first = String(await serving(project));
    const before = runs(project);
    const load = startLoad(project.url);
    const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    expect(result).toMatchObject({ previous: first, probe: { failed: 0 } });
    expect(result.probe.requests).toBeGreaterThan(10);
    expect(await serving(project)).toBe(result.release);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(first);
    // What ran is what runs, to the last word that Swarm was told.
    expect(runs(project)).toEqual(before);
    const { failures, answered, releases } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect([...releases.keys()].toSorted()).toEqual([first, result.release]);
  }, 300_000);

  test("keeps its release, and says what Swarm did, when the next one does not become healthy", async () => {
    const before = await serving(project);
    const load = startLoad(project.url);
    project.configure({ SICK: "1" });
    const failed = await project.studio([...deploy, "--json"]);
    project.configure({});
    expect(failed.exitCode, failed.stderr).toBe(5);
    const { error } = JSON.parse(failed.stdout);
    expect(error.message).toContain("Swarm rolled api back");
    expect(error.message).toMatch(/unhealthy|early termination/);
    expect(error.hint).toContain("studio status");
    expect(await serving(project)).toBe(before);
    expect((await load.stop()).failures).toEqual([]);
    const status = JSON.parse((await succeed(project, ["status", "--json"])).stdout).result;
    expect(status.serving).toMatchObject({ release: before, state: "serving", problems: [] });
    // It was told what was recorded, and has nothing left to remember.
    const update = ["service", "inspect", "-f", "{{json .UpdateStatus}}", `${project.stack}_api`];
    expect(project.docker(update).trim()).toBe("null");
  }, 300_000);

  test("is given a changed secret as another object, and keeps those of the releases that are kept", async () => {
    const [first = ""] = project.objects("secret");
    const configs = project.objects("config");
    const second = "correct-horse-battery-staple-2";
    project.write("token.txt", `${second}\n`);
    const { stdout, stderr } = await succeed(project, [...deploy, "--verbose"]);
    expect(`${stdout}${stderr}`).not.toContain(second);
    expect(project.objects("secret")).toHaveLength(2);
    expect(project.objects("secret")).toContain(first);
    expect(await readToken(project)).toBe(second);
    // What did not change is the same object, and what has it was left alone.
    expect(project.objects("config")).toEqual(configs);
    await succeed(project, rollback);
    expect(await readToken(project)).toBe("correct-horse-battery-staple-1");
    await succeed(project, deploy);
    await succeed(project, deploy);
    expect(project.objects("secret")).toHaveLength(1);
    expect(project.objects("secret")).not.toContain(first);
    for (const words of [
      ["history", "--json"],
      ["status", "--json"],
    ]) {
      expect((await succeed(project, words)).stdout).not.toContain("correct-horse");
    }
  }, 300_000);

  test("shows each service, its lines, and runs commands in it", async () => {
    const status = JSON.parse((await succeed(project, ["status", "--json"])).stdout).result;
    const services = status.serving.services as { name: string; role: string; state: string }[];
    expect(services.map(({ name, role, state }) => [name, role, state])).toEqual([
      ["api", "switched", "running"],
      ["db", "stateful", "running"],
      ["proxy", "proxy", "running"],
    ]);
    const said = await succeed(project, ["exec", "--service", "db", "--", "cat", "/etc/hostname"]);
    expect(said.stdout.trim()).not.toBe("");
    await fetch(project.url);
    const logs = await succeed(project, ["logs", "--service", "proxy"]);
    expect(logs.stdout).toContain("GET /");
    const history = await succeed(project, ["history"]);
    expect(history.stdout).toContain("rollback");
  }, 120_000);

  test("shows what a task wrote without the secrets it was given", async () => {
    const script = 'echo "token $(cat /run/secrets/token) and $API_TOKEN" >/proc/1/fd/1';
    project.configure({ API_TOKEN: "a-variable-that-nobody-knows" });
    await succeed(project, deploy);
    await succeed(project, ["exec", "--", "sh", "-c", script]);
    let shown = "";
    await until("the line is shown", async () => {
      shown = (await succeed(project, ["logs"])).stdout;
      return shown.includes("token ");
    });
    project.configure({});
    expect(shown).toContain("token (secret) and (secret)\n");
    expect(shown).not.toContain("correct-horse");
  }, 120_000);

  test("is taken down without its volumes, and comes up again as it was", async () => {
    const before = await serving(project);
    await succeed(project, ["exec", "--service", "db", "--", "touch", "/data/kept"]);
    await succeed(project, ["down"]);
    expect(project.docker(["service", "ls", "-q"])).toBe("");
    expect(project.objects("secret")).toEqual([]);
    await succeed(project, ["up"]);
    expect(await serving(project)).toBe(before);
    await succeed(project, ["exec", "--service", "db", "--", "test", "-e", "/data/kept"]);
  }, 300_000);

  test("loses its own volume on this node when that is agreed to, and begins anew with the features that are on", async () => {
    const volume = `${project.stack}_data`;
    const planned = await succeed(project, ["down", "--volumes", "--dry-run", "--json"]);
    expect(JSON.parse(planned.stdout).result.plan.volumes).toMatchObject({
      own: [{ name: volume, services: ["db"] }],
      remarks: [],
    });
    const gone = await succeed(project, ["down", "--volumes", "--yes", "--json"]);
    expect(JSON.parse(gone.stdout).result.volumes).toEqual({ removed: [volume], left: [] });
    expect(project.docker(["volume", "ls", "-q"]).split("\n")).not.toContain(volume);
    project.write("studio.yaml", `${swarmSettings()}features: { vectorSearch: true }\n`);
    await succeed(project, deploy);
    const told = ["sh", "-c", 'echo "$STUDIO_FEATURE_VECTOR_SEARCH"'];
    expect((await succeed(project, ["exec", "--", ...told])).stdout.trim()).toBe("true");
    const kept = ["exec", "--service", "db", "--", "test", "-e", "/data/kept"];
    expect((await project.studio(kept)).exitCode).toBe(1);
    project.write("studio.yaml", swarmSettings());
  }, 300_000);

  test("is looked at for half a minute unless less was asked for, which the checklist tells", async () => {
    const { stdout } = await project.studio(["doctor"]);
    expect(stdout).toMatch(/ok +The engine manages a Swarm/);
    expect(stdout).toContain("The kernel balances virtual addresses (IPVS)");
    expect(stdout).toContain("swarm.monitor is 3 s");
    project.write("studio.yaml", swarmSettings().replace(/, monitor: \w+/, ""));
    const plan = await succeed(project, ["deploy", "--dry-run"]);
    project.write("studio.yaml", swarmSettings());
    expect(plan.stdout).toContain("each task is looked at for 30s");
    expect(plan.stdout).not.toContain("swarm.monitor");
  }, 120_000);
});

/** What Swarm was told of the application. */
function runs(project: SwarmProject): unknown {
  const [service] = JSON.parse(project.docker(["service", "inspect", `${project.stack}_api`]));
  return service.Spec.TaskTemplate.ContainerSpec;
}

async function readToken(project: SwarmProject): Promise<string> {
  const { stdout } = await succeed(project, ["exec", "--", "cat", "/run/secrets/token"]);
  return stdout.trim();
}
