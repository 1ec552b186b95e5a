import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../../errors.ts";
import { endGroup } from "../../../shell/process-group.ts";
import { identifyProcess, isAlive } from "../../../shell/process-identity.ts";
import { forgetCrashes } from "../../../inference/crashes/crash-record.ts";
import { askControl } from "./control-client.ts";
import {
  livingSupervisor,
  readInstances,
  removeInstance,
  removeSupervisor,
  writeInstance,
} from "./instance-file.ts";
import type { LocalSite } from "./local-site.ts";
import { daemonState, supervisorState } from "./process-states.ts";
import { crashFile, releaseSocket } from "./runtime-folder.ts";
import type { SupervisorState } from "./supervisor.ts";

/** A release that serves needs a second for that, and a busy machine a few. */
const replacementPatience = 10_000;

/** The supervisor's view; where it was lost, once the release that serves has started another. */
export async function settledSupervisor(site: LocalSite): Promise<SupervisorState | null> {
  const deadline = Date.now() + replacementPatience;
  for (;;) {
    const state = await supervisorState(site);
    // One that is alive and does not answer hangs: nobody will replace it.
    const hopeless = livingSupervisor(site.runFolder) !== null || Date.now() > deadline;
    if (state !== null || hopeless || (await servedBy(site)) === null) return state;
    await sleep(50);
  }
}

/** The release that takes the traffic of a site's address, whether a supervisor knows or not. */
export async function servedBy(site: LocalSite): Promise<string | null> {
  for (const { release } of readInstances(site.runFolder)) {
    const socketPath = releaseSocket(site.socketFolder, release);
    if ((await daemonState({ socketPath }))?.accepting === true) return release;
  }
  return null;
}

/** Whether the supervisor, or the next one, starts the release again when it dies. */
export async function keepRunning(site: LocalSite, release: string, keep: boolean): Promise<void> {
  if ((await settledSupervisor(site)) !== null) {
    await askSupervisor(site, "/keep", { release, keep });
    return;
  }
  const instance = readInstances(site.runFolder).find((one) => one.release === release);
  if (instance !== undefined) writeInstance(site.runFolder, { ...instance, keep });
}

export async function askSupervisor(
  site: LocalSite,
  path: string,
  body: unknown,
  timeout = 10_000,
): Promise<void> {
  const socketPath = site.supervisorSocket;
  const answer = await askControl<unknown>({ socketPath, method: "POST", path, body, timeout });
  if (answer.status !== 200 && answer.status !== 404) throw refused("supervisor", path, answer);
}

/** A daemon that is gone has nothing to be told; one that refuses is an error. */
export async function askDaemon(
  site: LocalSite,
  path: "/control/accept" | "/control/pause" | "/control/maintenance",
  body: object = {},
): Promise<void> {
  const { socketPath } = site;
  if ((await daemonState(site)) === null) {
    if (path !== "/control/accept") return;
    throw new StudioError({
      code: "release.gone",
      message: "The release's process ended before it could take the traffic.",
      exitCode: exitCodes.undone,
    });
  }
  const answer = await askControl<unknown>({ socketPath, method: "POST", path, body });
  if (answer.status >= 300) throw refused("daemon", path, answer);
}

function refused(
  who: string,
  path: string,
  answer: { status: number; body: unknown },
): StudioError {
  return new StudioError({
    code: "control.refused",
    message: `The ${who} answered ${answer.status} to ${path}: ${reasonIn(answer.body)}`,
    exitCode: exitCodes.undone,
  });
}

/** What a problem document says (RFC 9457), else the whole answer. */
function reasonIn(body: unknown): string {
  const { detail } = (body ?? {}) as { detail?: unknown };
  return typeof detail === "string" ? detail : JSON.stringify(body);
}

/**
 * Removes what is left of a release that no supervisor knows: a process whose supervisor died
 * with the order to stop it, its socket, its file.
 * @param grace milliseconds the process is given to end in good order
 */
export async function endLeftovers(site: LocalSite, release: string, grace: number): Promise<void> {
  const supervisor = await supervisorState(site);
  if (supervisor?.instances.some((one) => one.release === release) === true) return;
  for (const instance of readInstances(site.runFolder)) {
    if (instance.release !== release) continue;
    if (isAlive(instance.identity)) await endGroup(instance.identity, grace);
    removeInstance(site.runFolder, release);
  }
  // Its supervisor died before it could write the file.
  const daemon = await daemonState(site);
  if (daemon !== null) await endGroup(identifyProcess(daemon.pid), grace);
  rmSync(site.socketPath, { force: true });
  forgetCrashes(crashFile(site.runFolder, release));
  if (supervisor === null) await endSilentSupervisor(site);
}

/** One that does not answer is of no use, but it may still hold the listening socket. */
async function endSilentSupervisor(site: LocalSite): Promise<void> {
  if (readInstances(site.runFolder).some(({ identity }) => isAlive(identity))) return;
  const silent = livingSupervisor(site.runFolder);
  if (silent !== null) await endGroup(silent.identity, 1000);
  removeSupervisor(site.runFolder);
  rmSync(site.supervisorSocket, { force: true });
}
