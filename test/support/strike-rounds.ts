import { readFileSync } from "node:fs";
import { expect } from "vitest";
import {
  type KillPlan,
  type KillPoint,
  type Recovery,
  eachRound,
  forgetHashes,
  recover,
} from "./kill-rounds.ts";
import { until } from "./processes.ts";
import { collect } from "./studio.ts";

export interface StrikePlan
  extends Pick<KillPlan, "project" | "argv" | "rounds" | "ways" | "reset" | "check"> {
  /** What dies while studio is held at a point; studio goes on then. */
  strike(): Promise<void> | void;
  /** Brings it back once studio has ended, where nothing else does. */
  mend?(): Promise<void>;
}

/** Of a deploy that lost what it stands on: it succeeds, goes back, leaves it open or never began. */
const honest = [0, 5, 6, 8];

/** Strikes at the operation's points, one after the other, and ends what it left open. */
export async function strikeRounds(
  plan: StrikePlan,
  points: readonly KillPoint[],
): Promise<number> {
  let rounds = 0;
  for (const [point, way] of eachRound(points, plan)) {
    await plan.reset?.();
    forgetHashes(plan.project);
    const where = `${way} after a strike at ${plan.argv.join(" ")} at ${point.name}@${point.nth}`;
    const exitCode = await strikeAt(plan, point, where);
    await plan.mend?.();
    await plan.check({ way, point, where, outcome: await outcomeOf(plan, exitCode, way, where) });
    rounds += 1;
  }
  return rounds;
}

async function strikeAt(
  plan: StrikePlan,
  { name, nth }: KillPoint,
  where: string,
): Promise<number | null> {
  const child = plan.project.start(plan.argv, { STUDIO_FAULT: `SIGSTOP:${name}@${nth}` });
  const ending = collect(child);
  const isHeld = () => child.exitCode !== null || isStopped(child.pid ?? 0);
  await until(`studio is held, ${where}`, isHeld, 120_000);
  await plan.strike();
  child.kill("SIGCONT");
  const { exitCode, stderr } = await ending;
  expect(honest, `${where}: ${stderr}`).toContain(exitCode);
  return exitCode;
}

async function outcomeOf(
  { project }: StrikePlan,
  exitCode: number | null,
  way: Recovery["way"],
  where: string,
): Promise<Recovery["outcome"]> {
  if (exitCode === 0) return "succeeded";
  if (exitCode === 5) return "undone";
  // Where studio had begun to undo, `resume` goes on with that and says what had failed.
  return recover(project, way, where, [0, 5]);
}

/** As the kernel tells it (proc(5)): the state follows the name, which is in parentheses. */
function isStopped(pid: number): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).startsWith("T");
}
