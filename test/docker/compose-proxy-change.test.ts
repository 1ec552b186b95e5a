import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { type Front, fronts } from "../support/docker/fronts.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type StackProject, stackSettings } from "../support/docker/stack-project.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a stack whose proxy changes${skipped(missing)}`, () => {
  const project = deployedStack();

  test("is refused, in the plan too, while a release runs behind another", async () => {
    const before = await serving(project);
    for (const front of [fronts.haproxy, null]) {
      putBehind(project, front);
      for (const argv of [deploy, [...deploy, "--dry-run"]]) {
        const refused = await project.studio(argv);
        expect(refused.exitCode, refused.stderr).toBe(2);
        expect(refused.stderr).toContain(`Release ${before} runs behind nginx (service proxy)`);
        expect(refused.stderr).toContain("`studio down`, then this again");
      }
      expect(await serving(project)).toBe(before);
    }
    // What runs is told of and taken care of by the proxy that it has.
    const status = JSON.parse((await succeed(project, ["status", "--json"])).stdout).result;
    expect(status.serving).toMatchObject({ release: before, state: "serving" });
    await succeed(project, ["maintenance", "on"]);
    expect((await fetch(project.url)).status).toBe(503);
    await succeed(project, ["maintenance", "off"]);
    expect(await serving(project)).toBe(before);
  }, 300_000);

  inLongForm(
    "is deployed behind the other once it was taken down, and back in the same way",
    async () => {
      const before = await serving(project);
      putBehind(project, fronts.haproxy);
      await succeed(project, ["down"]);
      const deployed = await succeed(project, [...deploy, "--json"]);
      expect(await serving(project)).toBe(JSON.parse(deployed.stdout).result.release);
      const refused = await project.studio(rollback);
      expect(refused.exitCode, refused.stderr).toBe(2);
      expect(refused.stderr).toContain("runs behind haproxy (service proxy)");
      await succeed(project, ["down"]);
      await succeed(project, rollback);
      expect(await serving(project)).toBe(before);
    },
    300_000,
  );
});

function putBehind(project: StackProject, front: Front | null): void {
  project.putBehind(front);
  const kind = front === null ? "none" : front.kind;
  project.write("studio.yaml", `${stackSettings()}\ncompose: { proxy: ${kind} }\n`);
}
