/**
 * Backups against restic, borg and tar with zstd, interleaved on the same data:
 * node benchmarks/backup.ts [--small] [--rounds N] [--folder DIR] [--check]
 * With --check a missed target exits 1. The folder should be on a fast disk, or in memory.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Measured, runMeasured } from "./run-measured.ts";
import {
  type Surroundings,
  type Tool,
  borgTool,
  installStudio,
  isInstalled,
  resticTool,
  studioTool,
  tarTool,
} from "./backup/tools.ts";
import { type TreeSize, changeTree, editModels, writeManyFiles, writeTree } from "./backup/tree.ts";
import { warmMemory } from "./backup/warm-memory.ts";

const { values: given } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() },
    check: { type: "boolean", default: false },
  },
});

const size: TreeSize = given.small
  ? { files: 2000, models: 60, sql: 10, media: 20 }
  : { files: 20_000, models: 750, sql: 200, media: 240 };

/** `changed`: one file in a hundred; `edited`: a place in each model. */
type Stage = "first" | "unchanged" | "changed" | "edited" | "restore";
const stages: readonly Stage[] = ["first", "unchanged", "changed", "edited", "restore"];
/** How often a stage is run in each round: what takes a moment is told by several of them. */
const timesOf: Partial<Record<Stage, number>> = { unchanged: 5, changed: 5 };

interface Results {
  times: Record<Stage, number[]>;
  memory: { create: number; restore: number };
  stored: number;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function toolsIn(surroundings: Surroundings): Tool[] {
  const tools = [studioTool(surroundings, false)];
  if (isInstalled("age-keygen")) tools.push(studioTool(surroundings, true));
  if (isInstalled("restic")) tools.push(resticTool(surroundings));
  if (isInstalled("borg")) tools.push(borgTool(surroundings));
  if (isInstalled("zstd")) tools.push(tarTool(surroundings));
  return tools;
}

/** What a tool and the files that it writes take, with some to spare; in bytes. */
const memoryOf = (stage: Stage): number =>
  given.small || timesOf[stage] !== undefined ? 2 ** 29 : 3 * 2 ** 30;

/** All stages of one round: each stage with every tool, before the next begins. */
async function round(results: Map<string, Results>, folder: string, turn: number): Promise<void> {
  const project = join(folder, "project");
  const repositories = join(folder, "repositories");
  mkdirSync(repositories, { recursive: true });
  writeTree(project, size);
  const tools = toolsIn({ studio, project, folder: repositories });
  // Who comes first in a stage meets another machine than who comes last: each in its turn.
  tools.push(...tools.splice(0, turn % tools.length));
  for (const tool of tools) tool.prepare();
  for (const stage of stages) {
    for (let time = 0; time < (timesOf[stage] ?? 1); time += 1) {
      if (stage === "changed") changeTree(project, size);
      if (stage === "edited") editModels(project, size);
      for (const tool of tools) {
        if (time > 0 && !tool.incremental) continue;
        await runStage(resultsOf(results, tool), tool, stage, folder);
      }
    }
  }
  rmSync(folder, { recursive: true });
}

function resultsOf(results: Map<string, Results>, { name }: Tool): Results {
  const found = results.get(name) ?? {
    times: { first: [], unchanged: [], changed: [], edited: [], restore: [] },
    memory: { create: 0, restore: 0 },
    stored: 0,
  };
  results.set(name, found);
  return found;
}

async function runStage(
  found: Results,
  tool: Tool,
  stage: Stage,
  folder: string,
): Promise<Measured> {
  const target = join(folder, "restored");
  warmMemory(memoryOf(stage));
  const measured = await runMeasured(stage === "restore" ? tool.restore(target) : tool.backup);
  found.times[stage].push(measured.wall);
  const kind = stage === "restore" ? "restore" : "create";
  found.memory[kind] = Math.max(found.memory[kind], measured.memory);
  if (stage === "first") found.stored = bytesBelow(tool.repository);
  rmSync(target, { recursive: true, force: true });
  return measured;
}

/** Seconds that a backup takes in which none of very many files has changed. */
async function unchangedMany(folder: string): Promise<number> {
  const project = join(folder, "project");
  writeManyFiles(project, many);
  const tool = studioTool({ studio, project, folder }, false);
  tool.prepare();
  const times: number[] = [];
  for (let count = 0; count < 5; count += 1) times.push((await runMeasured(tool.backup)).wall);
  rmSync(folder, { recursive: true });
  // The first one stores them, and the second sees that they had long been there.
  return median(times.slice(2));
}

const mostSeconds = 2;
const many = given.small ? 10_000 : 200_000;
const results = new Map<string, Results>();
const parent = mkdtempSync(join(given.folder, "studio-benchmark-"));
const studio = installStudio(join(parent, "installed"));
let manySeconds = Number.NaN;
try {
  for (let count = 0; count < Number(given.rounds); count += 1) {
    await round(results, join(parent, String(count)), count);
    process.stderr.write(`round ${count + 1} of ${given.rounds}\n`);
  }
  manySeconds = await unchangedMany(join(parent, "many"));
} finally {
  rmSync(parent, { recursive: true, force: true });
}
report();

interface Target {
  what: string;
  studio: number;
  peer: number;
  most: number;
}

function report(): void {
  const columns = ["", ...stages, "repository", "memory"];
  process.stdout.write(`${columns.map((column) => column.padStart(18)).join("")}\n`);
  for (const [name, { times, memory, stored }] of results) {
    const cells = [
      name,
      ...stages.map((stage) => `${median(times[stage]).toFixed(2)} s`),
      `${(stored / 1e6).toFixed(0)} MB`,
      `${(memory.create / 1e6).toFixed(0)}/${(memory.restore / 1e6).toFixed(0)} MB`,
    ];
    process.stdout.write(`${cells.map((cell) => cell.padStart(18)).join("")}\n`);
  }
  let missed = 0;
  for (const { what, studio, peer, most } of targets()) {
    const ratio = studio / peer;
    const met = ratio <= most;
    if (!met) missed += 1;
    const verdict = met ? "met" : "MISSED";
    process.stdout.write(
      `${what.padEnd(56)}${ratio.toFixed(2).padStart(6)}x  <= ${most.toFixed(2)}x  ${verdict}\n`,
    );
  }
  const quick = manySeconds <= mostSeconds;
  if (!quick) missed += 1;
  process.stdout.write(
    `${`${many} files, nothing changed`.padEnd(56)}${manySeconds.toFixed(2).padStart(6)} s  <= ${mostSeconds.toFixed(2)} s  ${quick ? "met" : "MISSED"}\n`,
  );
  process.exitCode = given.check && missed > 0 ? 1 : 0;
}

function targets(): Target[] {
  const of = (name: string) => results.get(name);
  const [plain, sealed, restic, borg, tar] = [
    of("studio"),
    of("studio, encrypted"),
    of("restic"),
    of("borg"),
    of("tar | zstd -1 -T2"),
  ];
  const list: Target[] = [];
  const compare = (
    what: string,
    studio: number | undefined,
    peer: number | undefined,
    most: number,
  ) => {
    if (studio !== undefined && peer !== undefined) list.push({ what, studio, peer, most });
  };
  const time = (one: Results | undefined, stage: Stage) =>
    one === undefined ? undefined : median(one.times[stage]);
  const better = (stage: Stage) => {
    const both = [time(restic, stage), time(borg, stage)].filter((one) => one !== undefined);
    return both.length === 0 ? undefined : Math.min(...both);
  };
  compare("first backup, to restic", time(plain, "first"), time(restic, "first"), 0.5);
  compare("first backup, to tar | zstd", time(plain, "first"), time(tar, "first"), 1);
  compare("first backup encrypted, to restic", time(sealed, "first"), time(restic, "first"), 0.8);
  compare("nothing changed, to the better", time(plain, "unchanged"), better("unchanged"), 0.25);
  compare("1 % changed, to the better", time(plain, "changed"), better("changed"), 0.3);
  compare("restore, verified, to restic", time(plain, "restore"), time(restic, "restore"), 0.5);
  compare("restore encrypted, to restic", time(sealed, "restore"), time(restic, "restore"), 0.8);
  compare("repository, to restic", plain?.stored, restic?.stored, 1);
  compare("memory of a backup, to restic", plain?.memory.create, restic?.memory.create, 1.5);
  compare("memory of a restore, to restic", plain?.memory.restore, restic?.memory.restore, 1.5);
  return list;
}
