import { rmSync } from "node:fs";
import { StudioError, exitCodes } from "../../../errors.ts";
import type { DaemonState } from "../../../server/daemon.ts";
import { endGroup } from "../../../shell/process-group.ts";
import { isAlive } from "../../../shell/process-identity.ts";
import { askControl, tryControl } from "./control-client.ts";
import {
  livingSupervisor,
  readInstances,
  removeInstance,
  removeSupervisor,
} from "./instance-file.ts";
import type { LocalSite } from "./local-site.ts";
import type { SupervisorState } from "./supervisor.ts";

/** The supervisor's view, or null when there is none. */
export async function supervisorState(site: LocalSite): Promise<SupervisorState | null> {
  const answer = await tryControl<SupervisorState>({
    socketPath: site.supervisorSocket,
    path: "/state",
    timeout: 2000,
  });
  return answer?.status === 200 ? answer.body : null;
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

export async function daemonState(site: LocalSite): Promise<DaemonState | null> {
  const answer = await tryControl<DaemonState>({
    socketPath: site.socketPath,
    path: "/control/state",
    timeout: 2000,
  });
  return answer?.status === 200 ? answer.body : null;
}

/** A daemon that is gone has nothing to be told; one that refuses is an error. */
export async function askDaemon(site: LocalSite, method: "POST", path: string): Promise<void> {
  const { socketPath } = site;
  if ((await daemonState(site)) === null) {
    if (path === "/control/pause") return;
    throw new StudioError({
      code: "release.gone",
      message: "The release's process ended before it could take the traffic.",
      exitCode: exitCodes.undone,
    });
  }
  const answer = await askControl<unknown>({ socketPath, method, path, body: {} });
  if (answer.status >= 300) throw refused("daemon", path, answer);
}

function refused(
  who: string,
  path: string,
  answer: { status: number; body: unknown },
): StudioError {
  return new StudioError({
    code: "control.refused",
    message: `The ${who} answered ${answer.status} to ${path}: ${JSON.stringify(answer.body)}`,
    exitCode: exitCodes.undone,
  });
}

/**
 * Removes what is left of a release that no supervisor knows: a process whose supervisor died
 * with the order to stop it, its socket, its file.
 */
export async function endLeftovers(site: LocalSite, release: string): Promise<void> {
  const known = (await supervisorState(site))?.instances.some((one) => one.release === release);
  if (known === true) return;
  for (const instance of readInstances(site.runFolder)) {
    if (instance.release !== release) continue;
    if (isAlive(instance.identity)) await endGroup(instance.identity, 5000);
    removeInstance(site.runFolder, release);
  }
  rmSync(site.socketPath, { force: true });
  if (livingSupervisor(site.runFolder) !== null) return;
  removeSupervisor(site.runFolder);
  rmSync(site.supervisorSocket, { force: true });
}
