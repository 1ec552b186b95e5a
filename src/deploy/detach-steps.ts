import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../config/quantity.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { type Step, type StepRun, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { packageRoot } from "../package-root.ts";
import { describeService, studioWords } from "../service/service.ts";
import {
  type DetachedDaemon,
  daemonLog,
  readDaemon,
  removeDaemon,
  writeDaemon,
} from "./daemon-record.ts";
import { daemonSettings } from "./daemon-settings.ts";
import { describeAddress } from "./release.ts";
import { requireKey } from "./require-key.ts";
import { livingSupervisor } from "./targets/local/instance-file.ts";
import { readLastLines } from "./targets/local/last-lines.ts";
import { daemonSite } from "./targets/local/local-site.ts";
import { portRefusal } from "./targets/local/port.ts";
import { type ProcessOrder, startProcess, stopProcess } from "./targets/local/process-life.ts";
import { daemonState, supervisorState } from "./targets/local/process-states.ts";
import { endLeftovers, keepRunning } from "./targets/local/processes.ts";
import type { Workplace } from "./workplace.ts";

export interface DetachInput {
  daemon: DetachedDaemon;
  /** One that was to run here, and does not any more. */
  previous: DetachedDaemon | null;
}

const pause = 100;

export function detachSteps(place: Workplace, { daemon, previous }: DetachInput): Step[] {
  const { paths } = place.desk;
  const site = daemonSite(paths, daemon);
  return [
    {
      id: "preflight",
      title: "Check that it can serve here",
      kind: "refusal",
      probe: nothingToProbe,
      undo: nothingToUndo,
      do: () => refuse(place, daemon),
    },
    {
      id: "record",
      title: "Note what is to run",
      probe: () => (readDaemon(paths)?.id === daemon.id ? "done" : "absent"),
      async do(run) {
        if (previous !== null) {
          const gone = daemonSite(paths, previous);
          await run.effect("leftovers", () => endLeftovers(gone, previous.id, previous.grace));
        }
        await run.effect("record", () => writeDaemon(paths, daemon));
      },
      undo: (run) =>
        run.effect("record", () =>
          previous === null ? removeDaemon(paths) : writeDaemon(paths, previous),
        ),
    },
    {
      id: "start",
      title: `Start the daemon ${daemon.id}`,
      probe: async () => ((await daemonState(site)) === null ? "partial" : "done"),
      do: (run) => startProcess(site, run, processOf(place, daemon)),
      undo: (run) => stopProcess(site, run, { release: daemon.id, grace: daemon.grace }),
    },
    {
      id: "ready",
      title: "Wait until it is ready",
      probe: nothingToProbe,
      undo: nothingToUndo,
      do: (run) => untilReady(place, daemon, run),
    },
    {
      id: "keep",
      title: "Have it started again when it dies",
      probe: nothingToProbe,
      undo: nothingToUndo,
      do: (run) => run.effect("keep", () => keepRunning(site, daemon.id, true)),
    },
  ];
}

export function endSteps({ desk }: Workplace, { daemon }: DetachInput): Step[] {
  const { paths } = desk;
  return [
    {
      id: "stop",
      title: `Let the daemon ${daemon.id} finish its requests and end`,
      kind: "final",
      decisive: { again: "studio down --detached" },
      probe: nothingToProbe,
      undo: nothingToUndo,
      async do(run) {
        const { id: release, grace } = daemon;
        await stopProcess(daemonSite(paths, daemon), run, { release, grace });
        await run.effect("record", () => removeDaemon(paths));
      },
    },
  ];
}

/** Looks whether anything is in the way, which the daemon itself is not when this is resumed. */
async function refuse(place: Workplace, daemon: DetachedDaemon): Promise<void> {
  const { paths } = place.desk;
  const found = readDaemon(paths);
  if (found !== null && (await isThere(place, found))) {
    if (found.id === daemon.id) return;
    throw new StudioError({
      code: "daemon.running",
      message: `A daemon runs here in the background already, on ${describeAddress(found.address)}.`,
      hint: "`studio status` shows it, `studio down --detached` ends it.",
      exitCode: exitCodes.usage,
    });
  }
  const { settings, directory } = place.project;
  const { variables: env, onSecret } = place;
  const { keys } = await daemonSettings({ settings, directory, env, onSecret });
  await requireKey(place, daemon.address.host, keys.length);
  const refusal = await portRefusal(daemon.address);
  if (refusal !== null) throw new StudioError(refusal);
}

/** Between two lives of a daemon that dies again and again there is its supervisor. */
async function isThere({ desk }: Workplace, daemon: DetachedDaemon): Promise<boolean> {
  const site = daemonSite(desk.paths, daemon);
  return livingSupervisor(site.runFolder) !== null || (await daemonState(site)) !== null;
}

function processOf(place: Workplace, daemon: DetachedDaemon): ProcessOrder {
  const { project, variables } = place;
  const service = describeService(project, process.execPath, packageRoot);
  return {
    release: daemon.id,
    supervisor: [service.node, service.program],
    command: studioWords(service, ["__serve", JSON.stringify(daemon)]),
    cwd: project.directory,
    env: { ...variables, ORT_DISABLE_TELEMETRY: "1" },
    grace: daemon.grace,
  };
}

async function untilReady(
  place: Workplace,
  daemon: DetachedDaemon,
  run: StepRun,
): Promise<{ milliseconds: number }> {
  const site = daemonSite(place.desk.paths, daemon);
  const { timeout } = place.project.settings.deploy.health;
  const begun = performance.now();
  while (performance.now() - begun < timeout) {
    const state = await daemonState(site);
    if (state?.accepting === true && state.ready) {
      return { milliseconds: Math.round(performance.now() - begun) };
    }
    const instances = (await supervisorState(site))?.instances ?? [];
    const own = instances.find(({ release }) => release === daemon.id);
    if (own?.alive === false) throw notReady(place, daemon, "Its process ended.");
    await sleep(pause, undefined, { signal: run.signal });
  }
  throw notReady(place, daemon, `It was not within ${formatDuration(timeout)}.`);
}

function notReady({ desk }: Workplace, daemon: DetachedDaemon, why: string): StudioError {
  const { outputFile } = daemonSite(desk.paths, daemon);
  const printed = readLastLines(outputFile, 10);
  return new StudioError({
    code: "daemon.not-ready",
    message: `The daemon did not become ready. ${why}`,
    hint: "`studio serve` in the foreground shows what it says.",
    exitCode: exitCodes.undone,
    details: {
      log: printed.length > 0 ? printed : readLastLines(daemonLog(desk.paths, daemon), 10),
    },
  });
}
