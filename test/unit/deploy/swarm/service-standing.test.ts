import { describe, expect, test } from "vitest";
import { labels } from "../../../../src/deploy/targets/compose/colours.ts";
import { standingOf } from "../../../../src/deploy/targets/swarm/service-standing.ts";
import type {
  SwarmService,
  SwarmTask,
  UpdateState,
} from "../../../../src/deploy/targets/swarm/services.ts";

const service = (
  definition: string,
  state: UpdateState | null = null,
  replicas: number | null = 2,
): SwarmService => ({
  id: "s1",
  name: "api",
  labels: { [labels.definition]: definition },
  image: "api:1",
  replicas,
  update: state === null ? null : { state, message: "because" },
  changedAt: "2026-11-01T00:00:00Z",
  checked: true,
  goesOn: true,
});

const task = (definition: string, state = "running", desired = "running"): SwarmTask => ({
  id: "t1",
  service: "api",
  node: "n1",
  labels: { [labels.definition]: definition },
  desired,
  state,
  trouble: "",
  at: "2026-11-01T00:00:01Z",
  container: "c1",
});

const wanted = { name: "api", definition: "new" };

describe("a service that is to be replaced", () => {
  test("is settled once all its tasks run and Swarm is done", () => {
    const tasks = [task("new"), task("new"), task("old", "shutdown", "shutdown")];
    for (const state of [null, "completed", "rollback_completed"] as const) {
      expect(standingOf(wanted, service("new", state), tasks)).toEqual({ state: "settled" });
    }
  });

  test("is not settled while Swarm still looks at it, though all its tasks run", () => {
    const tasks = [task("new"), task("new")];
    expect(standingOf(wanted, service("new", "updating"), tasks)).toMatchObject({
      state: "moving",
      doing: "api 2 of 2, looked at for a while",
    });
  });

  test("does not count the tasks of the definition before", () => {
    const tasks = [task("new"), task("old")];
    expect(standingOf(wanted, service("new"), tasks)).toMatchObject({
      state: "moving",
      doing: "api 1 of 2",
    });
  });

  test("has failed where Swarm stopped, went back, or was told something else", () => {
    const reasons = [
      [service("new", "paused"), "stopped the update of api half-way (because)"],
      [service("new", "rollback_paused"), "stopped its rollback of api"],
      [service("old", "rollback_completed"), "Swarm rolled api back (because)"],
      [service("old", "rollback_paused"), "began to roll api back and stopped"],
      [service("old", "completed"), "given another definition"],
      [service("old"), "given another definition"],
      [null, "is not there"],
    ] as const;
    for (const [found, reason] of reasons) {
      const standing = standingOf(wanted, found, []);
      expect(standing).toMatchObject({ state: "failed" });
      expect(JSON.stringify(standing)).toContain(reason);
    }
  });

  test("is waited for while Swarm goes back, for it must not be told anything meanwhile", () => {
    const standing = standingOf(wanted, service("old", "rollback_started"), []);
    expect(standing).toMatchObject({ state: "moving", doing: "Swarm rolls api back" });
  });

  test("has failed where it was just made and its tasks end again and again", () => {
    const ends = Array.from({ length: 6 }, () => task("new", "failed", "shutdown"));
    expect(standingOf(wanted, service("new"), ends.slice(1))).toMatchObject({ state: "moving" });
    expect(standingOf(wanted, service("new"), ends)).toMatchObject({ state: "failed" });
    // How many may fail in an update is for Swarm to say.
    expect(standingOf(wanted, service("new", "updating"), ends)).toMatchObject({ state: "moving" });
  });

  test("that has one task on every node is settled when each runs", () => {
    const everywhere = service("new", null, null);
    expect(standingOf(wanted, everywhere, [])).toMatchObject({ state: "moving" });
    const tasks = [task("new"), task("new", "starting")];
    expect(standingOf(wanted, everywhere, tasks)).toMatchObject({ state: "moving" });
    expect(standingOf(wanted, everywhere, [task("new"), task("new")])).toEqual({
      state: "settled",
    });
  });

  test("that is meant to end is settled when it has ended well", () => {
    const tasks = [task("new", "complete", "shutdown"), task("new", "complete", "shutdown")];
    const ending = { ...service("new"), goesOn: false };
    expect(standingOf(wanted, ending, tasks)).toEqual({ state: "settled" });
  });

  test("that is to go on is not there when its tasks ended well, as a sick one does that is told to", () => {
    const tasks = Array.from({ length: 6 }, () => task("new", "complete", "shutdown"));
    const some = tasks.slice(0, 2);
    expect(standingOf(wanted, service("new"), some)).toMatchObject({ state: "moving" });
    expect(standingOf(wanted, service("new"), tasks)).toMatchObject({ state: "failed" });
  });
});
