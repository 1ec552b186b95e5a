import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { serverProcesses } from "./project-state.ts";
import { type RunResult, type TestProject, createProject } from "./studio.ts";

/** One instant of an operation: the point's name, and which time it is reached. */
export interface KillPoint {
  name: string;
  nth: number;
}

export type Way = "resume" | "abort";

export interface Recovery {
  way: Way;
  point: KillPoint;
  where: string;
  /** Null where the process died before the operation began, or after it had ended. */
  outcome: "succeeded" | "undone" | null;
}

export interface KillPlan {
  project: TestProject;
  argv: readonly string[];
  /** Brings the project to where the operation begins; called before each round. */
  reset?(): Promise<void>;
  /** What else dies along with studio, and comes back before it is recovered. */
  disaster?(where: string): Promise<void>;
  /** Rounds of the short form. */
  rounds: number;
  /** In the long form: both ways out of each point, or one and the other in turns. */
  ways?: "both" | "in turns";
  /** Of the recovery. */
  exitCodes?: readonly number[];
  /** Looks at the project after each round. */
  check(recovery: Recovery): Promise<void>;
}

/** Every point is killed at, with both ways out; the short form takes a few, spread evenly. */
const everyPoint = process.env["STUDIO_TEST_EVERY"] === "1";
const wanted = new RegExp(process.env["STUDIO_TEST_POINTS"] ?? "");

/** Old releases and snapshots are soon pruned, so that a kill strikes there as well. */
export const killSettings = `
name: test
deploy:
  health: { passes: 1 }
  gate: { duration: 300ms, thresholds: ["errors<1%"] }
  watch: { for: 300ms, thresholds: ["errors<1%"] }
  drain: 2s
  keepReleases: 2
backup:
  retention: { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, floor: 1 }
`;

/** A project whose processes are ended even where a test has failed half-way. */
export async function createKillProject(settings = killSettings): Promise<TestProject> {
  const project = await createProject(settings);
  return {
    ...project,
    async remove() {
      await project.studio(["abort"]);
      await project.studio(["down"]);
      for (const { pid } of serverProcesses(project.directory)) process.kill(pid, "SIGKILL");
      rmSync(project.directory, { recursive: true, force: true });
    },
  };
}

export async function succeed(
  project: TestProject,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<RunResult> {
  const result = await project.studio(argv, env);
  expect(result.exitCode, `${argv.join(" ")}: ${result.stderr}`).toBe(0);
  return result;
}

/** The points that a command reaches; the command is run once and succeeds. */
export async function listPoints(
  project: TestProject,
  argv: readonly string[],
  exitCode = 0,
): Promise<KillPoint[]> {
  forgetHashes(project);
  const list = join(project.directory, "points");
  rmSync(list, { force: true });
  const result = await project.studio(argv, { STUDIO_FAULT: `list:${list}` });
  expect(result.exitCode, result.stderr).toBe(exitCode);
  const times = new Map<string, number>();
  const points = readFileSync(list, "utf8").trim().split("\n");
  return points.map((name) => {
    const nth = (times.get(name) ?? 0) + 1;
    times.set(name, nth);
    return { name, nth };
  });
}

/** So that each run writes them, and all runs reach the same points. */
export function forgetHashes({ directory }: TestProject): void {
  rmSync(join(directory, ".studio", "releases", "hashes.json"), { force: true });
}

/** Of a point that is reached again and again (once per file, say): its first, middle and last. */
function choosePoints(points: readonly KillPoint[]): KillPoint[] {
  const times = Map.groupBy(points, ({ name }) => name);
  return points.filter(({ name, nth }) => {
    const all = times.get(name)?.length ?? 0;
    return all <= 12 || [1, 2, Math.ceil(all / 2), all].includes(nth);
  });
}

/** Kills the operation at its points, one after the other, and recovers from each. */
export async function killRounds(plan: KillPlan, points: readonly KillPoint[]): Promise<number> {
  let rounds = 0;
  for (const [point, way] of eachRound(points, plan)) {
    await plan.reset?.();
    forgetHashes(plan.project);
    const where = `${way} after a kill of ${plan.argv.join(" ")} at ${point.name}@${point.nth}`;
    if (!(await kill(plan.project, plan.argv, point, where))) continue;
    await plan.disaster?.(where);
    const outcome = await recover(plan.project, way, where, plan.exitCodes);
    await plan.check({ way, point, where, outcome });
    rounds += 1;
  }
  return rounds;
}

/** Each round, which the long form says aloud: an hour without a word is as good as one that hangs. */
export function* eachRound(
  points: readonly KillPoint[],
  plan: Pick<KillPlan, "rounds" | "ways">,
): Generator<[KillPoint, Way]> {
  const all = roundsOf(points, plan);
  for (const [index, [point, way]] of all.entries()) {
    const progress = `${index + 1} of ${all.length}: ${point.name}@${point.nth}, ${way}\n`;
    if (everyPoint) process.stderr.write(progress);
    yield [point, way];
  }
}

/** Which points are taken, and the way out of each. */
function roundsOf(
  points: readonly KillPoint[],
  { rounds, ways = "both" }: Pick<KillPlan, "rounds" | "ways">,
): [KillPoint, Way][] {
  const chosen = choosePoints(points).filter(({ name }) => wanted.test(name));
  const inTurns = (point: KillPoint, index: number): [KillPoint, Way] => [
    point,
    index % 2 === 0 ? "resume" : "abort",
  ];
  if (everyPoint && ways === "in turns") return chosen.map(inTurns);
  if (everyPoint) {
    return chosen.flatMap((point): [KillPoint, Way][] => [
      [point, "resume"],
      [point, "abort"],
    ]);
  }
  const count = Math.min(rounds, chosen.length);
  return Array.from({ length: count }, (_, index) =>
    inTurns(chosen[Math.floor(((index + 0.5) * chosen.length) / count)] as KillPoint, index),
  );
}

/** @returns false where the point was not reached: how many files there are differs between runs */
export async function kill(
  project: TestProject,
  argv: readonly string[],
  { name, nth }: KillPoint,
  where: string,
): Promise<boolean> {
  const killed = await project.studio(argv, { STUDIO_FAULT: `kill:${name}@${nth}` });
  if (name.endsWith("/member") && nth > 1 && killed.exitCode === 0) return false;
  expect(killed.signal, `${where}: ${killed.exitCode} ${killed.stderr}`).toBe("SIGKILL");
  return true;
}

/** Carries an unfinished operation through or undoes it, where there is one. */
export async function recover(
  project: TestProject,
  way: Way,
  where: string,
  exitCodes: readonly number[] | undefined = [0],
): Promise<Recovery["outcome"]> {
  const { exitCode, stdout, stderr } = await project.studio([way, "--json"]);
  const answer = JSON.parse(stdout) as { result: { outcome: Recovery["outcome"] } | null };
  if (exitCode === 2 && stderr.includes("is unfinished")) return null;
  expect(exitCodes, `${where}: ${exitCode} ${stderr}`).toContain(exitCode);
  return answer.result?.outcome ?? "undone";
}
