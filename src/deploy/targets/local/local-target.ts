import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { StepRun } from "../../../operation/step.ts";
import type { StatePaths } from "../../../state.ts";
import { type ReleaseRecord, codeFolder, describeAddress } from "../../release.ts";
import type { ReleaseState, Target } from "../../target.ts";
import { tryControl } from "./control-client.ts";
import { livingSupervisor } from "./instance-file.ts";
import { instanceCommand, supervisorCommand } from "./commands.ts";
import { openListener } from "./launch-supervisor.ts";
import { type LocalSite, siteOf } from "./local-site.ts";
import { portRefusal } from "./port.ts";
import { readLastLines } from "./last-lines.ts";
import {
  askDaemon,
  askSupervisor,
  daemonState,
  endLeftovers,
  supervisorState,
} from "./processes.ts";

export interface LocalTargetInput {
  paths: StatePaths;
  /** The project's folder: working directory of the processes. */
  directory: string;
  /** The environment of processes started: the caller's, with the project's variables. */
  env(): Record<string, string | undefined>;
}

/** Releases as processes of this machine, behind one inherited listening socket. */
export function createLocalTarget(input: LocalTargetInput): Target {
  const { paths } = input;
  const siteFor = (release: ReleaseRecord) => siteOf(paths, release);
  const target: Target = {
    kind: "local",
    describeSwitch: (release, previous) => describeSwitch(release, previous),
    async refusals(release) {
      const site = siteFor(release);
      if (livingSupervisor(site.runFolder) !== null) return [];
      const refusal = await portRefusal(site.address);
      return refusal === null ? [] : [refusal];
    },
    start: (run, release) => start(input, siteFor(release), run, release),
    state: (release) => stateOf(siteFor(release), release),
    privateEndpoint: (release) => ({ socketPath: siteFor(release).socketPath }),
    async switchTo(run, release, from) {
      const site = siteFor(release);
      await run.effect("accept", () => acceptTraffic(site));
      await run.effect("keep", () => keep(site, release, true));
      if (from !== null && from.id !== release.id) await target.unswitch(run, from);
      await run.effect("prove", () => proveAnswer(target, release));
    },
    async unswitch(run, release) {
      const site = siteFor(release);
      await run.effect("release", () => keep(site, release, false));
      await run.effect("pause", () => askDaemon(site, "POST", "/control/pause"));
    },
    whoAnswers: (release) => whoAnswers(target.publicUrl(release)),
    stop: (run, release) => stop(siteFor(release), run, release),
    lastLines: async (release, count) => readLastLines(siteFor(release).outputFile, count),
    publicUrl: (release) => describeAddress(release.address),
  };
  return target;
}

function describeSwitch(release: ReleaseRecord, previous: ReleaseRecord | null): string {
  const here = describeAddress(release.address);
  if (previous === null) return `opens ${here}`;
  const before = describeAddress(previous.address);
  if (before === here) return `takes over the listening socket of ${here}; no request is dropped`;
  return `opens ${here}; ${before} closes, and clients that still use it are refused`;
}

async function start(
  input: LocalTargetInput,
  site: LocalSite,
  run: StepRun,
  release: ReleaseRecord,
): Promise<void> {
  const code = codeFolder(input.paths, release.code.digest);
  const env = { ...input.env(), ORT_DISABLE_TELEMETRY: "1" };
  await run.effect("leftovers", () => endLeftovers(site, release.id));
  if ((await supervisorState(site)) === null) {
    await run.effect("listen", (reach) =>
      openListener({
        ...site,
        command: supervisorCommand(code, release),
        env,
        onStart: (identity) => run.child(identity),
        onTold: () => reach("told"),
      }),
    );
  }
  const command = instanceCommand(code, release, input.directory);
  await run.effect("spawn", () =>
    askSupervisor(site, "/start", { release: release.id, command, cwd: input.directory, env }),
  );
}

async function stateOf(site: LocalSite, release: ReleaseRecord): Promise<ReleaseState> {
  const daemon = await daemonState(site);
  const instances = (await supervisorState(site))?.instances ?? [];
  const instance = instances.find((other) => other.release === release.id);
  return {
    release: release.id,
    running: daemon !== null || instance?.alive === true,
    accepting: daemon?.accepting ?? false,
    canAccept: daemon !== null && (daemon.accepting || daemon.takesLeft > 0),
    ready: daemon?.ready ?? false,
    startedAt: daemon?.startedAt ?? null,
    restarts: instance?.restarts ?? 0,
    requests: daemon?.requests ?? { total: 0, errors: 0 },
  };
}

async function acceptTraffic(site: LocalSite): Promise<void> {
  if ((await daemonState(site))?.accepting === true) return;
  await askDaemon(site, "POST", "/control/accept");
}

/** Whether the supervisor starts the release again when it dies. */
async function keep(site: LocalSite, release: ReleaseRecord, kept: boolean): Promise<void> {
  if ((await supervisorState(site)) === null) return;
  await askSupervisor(site, "/keep", { release: release.id, keep: kept });
}

async function proveAnswer(target: Target, release: ReleaseRecord): Promise<void> {
  let answered: string | null = null;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    answered = await target.whoAnswers(release);
    if (answered === release.id) return;
    await sleep(100);
  }
  const who = answered === null ? "nobody" : `release ${answered}`;
  throw new StudioError({
    code: "switch.unproven",
    message: `${target.publicUrl(release)} should be answered by release ${release.id}, but ${who} answers.`,
    exitCode: exitCodes.undone,
  });
}

async function whoAnswers(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/health/live`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(2000),
    });
    await response.arrayBuffer();
    return response.headers.get("x-studio-release");
  } catch {
    return null;
  }
}

async function stop(site: LocalSite, run: StepRun, release: ReleaseRecord): Promise<void> {
  const grace = release.settings.deploy.drain + 5000;
  if ((await supervisorState(site)) !== null) {
    await run.effect("stop", () =>
      askSupervisor(site, "/stop", { release: release.id, grace }, grace + 10_000),
    );
    const left = (await supervisorState(site))?.instances ?? [];
    if (left.length === 0) {
      await run.effect("close", () => askSupervisor(site, "/shutdown", {}));
      await supervisorGone(site);
    }
  }
  await run.effect("leftovers", () => endLeftovers(site, release.id));
}

async function supervisorGone(site: LocalSite): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 25) {
    if (
      livingSupervisor(site.runFolder) === null &&
      (await tryControl({ socketPath: site.supervisorSocket, path: "/state" })) === null
    ) {
      return;
    }
    await sleep(25);
  }
}
