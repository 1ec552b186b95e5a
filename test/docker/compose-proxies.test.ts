import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { fronts } from "../support/docker/fronts.ts";
import { killedDeploys } from "../support/docker/killed-deploys.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { keepConnection } from "../support/docker/kept-connection.ts";
import { startLoad } from "../support/docker/load.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { killRounds, succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

describe.skipIf(missing !== null).each([
  { front: fronts.caddy, file: "caddy/Caddyfile", told: "Caddy refuses" },
  { front: fronts.haproxy, file: "haproxy/haproxy.cfg", told: "HAProxy refuses" },
])(`a stack behind $front.kind${skipped(missing)}`, ({ front, file, told }) => {
  const project = deployedStack({ front, more: `compose: { proxy: ${front.kind} }\n` });

  test("is deployed and rolled back under load without a lost request, though the application ends abruptly", async () => {
    const load = startLoad(project.url);
    const first = await serving(project);
    const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    expect(await serving(project)).toBe(result.release);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(first);
    const { failures, releases, answered } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect([...releases.keys()]).toEqual([first, result.release]);
    expect(result.probe.requests).toBeGreaterThan(10);
  }, 300_000);

  test("tells the public what the operator wrote, and goes on", async () => {
    await succeed(project, ["maintenance", "on", "-m", 'moving <racks> & "disks"']);
    const problem = await fetch(project.url);
    expect([problem.status, problem.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(problem.headers.get("content-type")).toContain("application/problem+json");
    expect(await problem.json()).toMatchObject({ detail: 'moving <racks> & "disks"' });
    const page = await fetch(project.url, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain("moving &lt;racks&gt; &amp; &quot;disks&quot;");
    expect((await fetch(`${project.url}/health/live`)).status).toBe(200);
    await succeed(project, ["maintenance", "off"]);
    expect((await fetch(project.url)).status).toBe(200);
  }, 120_000);

  inLongForm(
    "is not touched by a configuration of the proxy that does not parse",
    async () => {
      const before = await serving(project);
      project.write(file, `${front.files[file]}\nno such directive {\n`);
      const failed = await project.studio(deploy);
      project.write(file, front.files[file] ?? "");
      expect(failed.exitCode, failed.stderr).toBe(5);
      expect(failed.stderr).toContain(told);
      expect(await serving(project)).toBe(before);
      await succeed(project, ["status"]);
      await succeed(project, deploy);
      expect(await serving(project)).not.toBe(before);
    },
    300_000,
  );

  inLongForm(
    "is taken down, and comes up again as it was",
    async () => {
      const before = await serving(project);
      await succeed(project, ["down"]);
      expect(project.running()).toEqual([]);
      await succeed(project, ["up"]);
      expect(await serving(project)).toBe(before);
    },
    300_000,
  );
});

describe.skipIf(missing !== null)(`a stack behind Caddy${skipped(missing)}`, () => {
  const project = deployedStack({ front: fronts.caddy, more: "compose: { proxy: caddy }\n" });
  const kills = killedDeploys(project);

  test("has each connection of a client outlast a deploy and a rollback, though nothing was asked on it", async () => {
    const kept = keepConnection(project.url);
    const first = await kept.post();
    const { release } = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    expect(await kept.post()).toBe(release);
    await succeed(project, rollback);
    expect(await kept.post()).toBe(first);
    kept.end();
  }, 300_000);

  test("has one that serves, wherever studio is killed amid the switch", async () => {
    const load = startLoad(project.url);
    const names = ["switch/include:after", "switch/marks/placed"];
    const points = kills.chosen(names).filter(({ name }) => name.startsWith("switch/"));
    const { reset, check } = kills;
    const plan = { project, argv: deploy, rounds: names.length, reset, check };
    expect(await killRounds(plan, points)).toBeGreaterThanOrEqual(names.length);
    expect((await load.stop()).failures).toEqual([]);
  }, 7_200_000);

  test("leaves to the operator what is beside the application, whichever colour serves", async () => {
    const statuses: number[] = [];
    for (const words of [deploy, deploy]) {
      await succeed(project, words);
      statuses.push((await fetch(`${project.url}/beside/it`)).status);
    }
    expect(statuses).toEqual([502, 502]);
  }, 300_000);

  test("turns the public away and lets it in though its configuration is broken by now", async () => {
    const file = "caddy/Caddyfile";
    project.write(file, `${fronts.caddy.files[file]}\nno such directive {\n`);
    const { stderr } = await succeed(project, ["maintenance", "on"]);
    expect(stderr).toContain("would not start again");
    expect((await fetch(project.url)).status).toBe(503);
    await succeed(project, ["maintenance", "off"]);
    expect((await fetch(project.url)).status).toBe(200);
    project.write(file, fronts.caddy.files[file] ?? "");
  }, 120_000);

  test("is told anew what the operator changed in its own configuration", async () => {
    const file = "caddy/Caddyfile";
    const text = fronts.caddy.files[file] ?? "";
    project.write(file, text.replace(":80 {", ":80 {\n  header x-operator changed"));
    await succeed(project, deploy);
    expect((await fetch(project.url)).headers.get("x-operator")).toBe("changed");
    project.write(file, text);
  }, 300_000);
});

describe.skipIf(missing !== null)(`a stack behind HAProxy${skipped(missing)}`, () => {
  const file = "haproxy/haproxy.cfg";
  const closing = (fronts.haproxy.files[file] ?? "").replace(/^.*idle-close.*$/m, "");
  const front = { ...fronts.haproxy, files: { [file]: closing } };
  const project = deployedStack({ front, more: "compose: { proxy: haproxy }\n" });

  test("is told which requests a deploy may cost where it closes what clients keep", async () => {
    const { warnings } = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout);
    expect(warnings.join()).toContain("option idle-close-on-response");
    project.write(file, fronts.haproxy.files[file] ?? "");
    const again = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout);
    expect(again.warnings.join()).not.toContain("idle-close");
  }, 300_000);
});

describe.skipIf(missing !== null)(`a stack behind an nginx of before${skipped(missing)}`, () => {
  const project = deployedStack({ front: fronts.olderNginx });

  test("is deployed and rolled back under load, and says which requests that may cost", async () => {
    const load = startLoad(project.url);
    const first = await serving(project);
    const { warnings } = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout);
    expect(warnings.join()).toContain("a POST that is sent on one in that moment is lost");
    expect(await serving(project)).not.toBe(first);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(first);
    const { failures, answered } = await load.stop();
    expect(failures.filter((one) => !one.startsWith("kept POST: "))).toEqual([]);
    expect(answered).toBeGreaterThan(100);
  }, 300_000);
});
