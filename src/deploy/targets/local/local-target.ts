import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { featureVariables } from "../../../config/feature-variables.ts";
import type { StepRun } from "../../../operation/step.ts";
import {
  type LocalRelease,
  type ReleaseRecord,
  codeFolder,
  compiledFolder,
} from "../../release.ts";
import type { Notice, Refusal, Target } from "../../target.ts";
import { proveSwitch } from "../prove-switch.ts";
import type { TargetInput } from "../target-input.ts";
import { instanceCommand, supervisorCommand } from "./commands.ts";
import { asLocal } from "./local-release.ts";
import { localReleases } from "./local-releases.ts";
import { type LocalSite, siteOf } from "./local-site.ts";
import { createLocalView } from "./local-view.ts";
import { portRefusal } from "./port.ts";
import { startProcess, stopProcess } from "./process-life.ts";
import { daemonState } from "./process-states.ts";
import { askDaemon, keepRunning, servedBy, settledSupervisor } from "./processes.ts";
import { maintenanceFile } from "./runtime-folder.ts";

/** Releases as processes of this machine, behind one inherited listening socket. */
export function createLocalTarget(input: TargetInput): Target {
  const { paths } = input;
  const siteFor = (release: ReleaseRecord) => siteOf(paths, asLocal(release));
  const target: Target = {
    ...createLocalView(input),
    releases: localReleases(input),
    startBackingServices: async () => {},
    async refusals(release) {
      const refusal = await refusalOf(siteFor(release));
      return refusal === null ? [] : [refusal];
    },
    start: (run, release) => start(input, siteFor(release), run, asLocal(release)),
    privateEndpoint: async (release) => ({ socketPath: siteFor(release).socketPath }),
    async switchTo(run, release, from) {
      const site = siteFor(release);
      await run.effect("accept", () => acceptTraffic(site));
      await run.effect("keep", () => keepRunning(site, release.id, true));
      if (from !== null && from.id !== release.id) await target.unswitch(run, from);
      await run.effect("prove", () =>
        proveSwitch({
          release: release.id,
          url: target.publicUrl(release),
          whoAnswers: () => target.whoAnswers(release),
        }),
      );
    },
    async unswitch(run, release) {
      const site = siteFor(release);
      await run.effect("release", () => keepRunning(site, release.id, false));
      await run.effect("pause", () => askDaemon(site, "/control/pause"));
    },
    async maintain(run, release, notice) {
      const site = siteFor(release);
      await run.effect("maintenance", () => tellMaintenance(site, run, notice));
      if (notice !== null) await untilAnswered(site, graceOf(release));
    },
    stop: (run, release) => end(siteFor(release), run, release),
    retire: (run, release) => end(siteFor(release), run, release),
    // What it told the public it tells it again when it is brought up.
    takeDown: (run, release) => stop(siteFor(release), run, release),
  };
  return target;
}

async function tellMaintenance(
  site: LocalSite,
  run: StepRun,
  notice: Notice | null,
): Promise<void> {
  const message = notice?.message ?? null;
  const state = message === null ? null : await daemonState(site);
  const outdated = state !== null && !("maintenanceMessage" in state);
  if (outdated) run.note("This release is of an older studio, whose page shows no message.");
  const body = { on: notice !== null, ...(message === null || outdated ? {} : { message }) };
  await askDaemon(site, "/control/maintenance", body);
}

/** Why the address cannot be served from here; null when it can. */
async function refusalOf(site: LocalSite): Promise<Refusal | null> {
  if ((await settledSupervisor(site)) !== null) return null;
  const serving = await servedBy(site);
  if (serving === null) return portRefusal(site.address);
  return {
    code: "supervisor.silent",
    message: `Release ${serving} serves, but its supervisor does not answer.`,
    hint: "`studio down` ends both; `studio up` starts them again.",
    exitCode: 8,
  };
}

async function start(
  input: TargetInput,
  site: LocalSite,
  run: StepRun,
  release: LocalRelease,
): Promise<void> {
  const code = codeFolder(input.paths, release.code.digest);
  const env = {
    ...input.variables,
    ...ownFeatures(input, release),
    ORT_DISABLE_TELEMETRY: "1",
    NODE_COMPILE_CACHE: compiledFolder(input.paths, release.code.digest),
  };
  await startProcess(site, run, {
    release: release.id,
    supervisor: supervisorCommand(code, release),
    command: instanceCommand(code, release, input.project.directory),
    cwd: input.project.directory,
    env,
    grace: graceOf(release),
  });
}

/** The flags as the release was made with them: a rollback returns to those. */
function ownFeatures(
  { project }: TargetInput,
  release: LocalRelease,
): Record<string, string | undefined> {
  const now = Object.keys(featureVariables(project.settings.features));
  const none = Object.fromEntries(now.map((name) => [name, undefined]));
  return { ...none, ...featureVariables(release.settings.features) };
}

async function acceptTraffic(site: LocalSite): Promise<void> {
  if ((await daemonState(site))?.accepting === true) return;
  await askDaemon(site, "/control/accept");
}

/** What was let in before is not cut off by what follows. */
async function untilAnswered(site: LocalSite, patience: number): Promise<void> {
  for (let waited = 0; waited < patience; waited += 50) {
    if (((await daemonState(site))?.inFlight ?? 0) === 0) return;
    await sleep(50);
  }
}

/** Whoever starts it again wants it to serve, or says otherwise. */
async function end(site: LocalSite, run: StepRun, release: ReleaseRecord): Promise<void> {
  await stop(site, run, release);
  rmSync(maintenanceFile(site.runFolder, release.id), { force: true });
}

function stop(site: LocalSite, run: StepRun, release: ReleaseRecord): Promise<void> {
  return stopProcess(site, run, { release: release.id, grace: graceOf(release) });
}

/** Milliseconds in which a release that was told to end must have ended. */
const graceOf = (release: ReleaseRecord): number => release.settings.deploy.drain + 5000;
