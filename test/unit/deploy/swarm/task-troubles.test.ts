import { expect, test } from "vitest";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";
import { labels } from "../../../../src/deploy/targets/compose/colours.ts";
import type { SwarmService, SwarmTask } from "../../../../src/deploy/targets/swarm/services.ts";
import { createTroubles } from "../../../../src/deploy/targets/swarm/task-troubles.ts";

const docker = {
  attempt: async () => ({ exitCode: 0, signal: null, stdout: "its last line\n", stderr: "" }),
} as unknown as Docker;

const task = (state: string, trouble: string, definition = "new"): SwarmTask => ({
  id: trouble,
  service: "api",
  node: "n1",
  labels: { [labels.definition]: definition },
  desired: "running",
  state,
  trouble,
  at: "2026-11-01T00:00:00Z",
  container: "c1",
});

const rolling = { name: "api", update: { state: "rollback_started", message: "task x ended" } };

const troublesOf = () => createTroubles(docker, [{ name: "api", definition: "new" }]);

test("what failed is told though Swarm has forgotten it, with its last lines", async () => {
  const troubles = troublesOf();
  await troubles.look([], [task("failed", "unhealthy"), task("failed", "another's", "old")]);
  await troubles.look([rolling as SwarmService], []);
  expect(troubles.tell()).toEqual({
    service: "api",
    text: "Task api: unhealthy.",
    log: ["its last line"],
  });
});

test("what waits is told while it waits, and Swarm's own words where there is nothing else", async () => {
  const troubles = troublesOf();
  expect(troubles.tell()).toBeNull();
  await troubles.look([rolling as SwarmService], [task("pending", "no suitable node")]);
  expect(troubles.tell()).toMatchObject({ text: "Task api: no suitable node." });
  await troubles.look([], []);
  expect(troubles.tell()).toMatchObject({ service: null, text: "Swarm says: task x ended." });
});
