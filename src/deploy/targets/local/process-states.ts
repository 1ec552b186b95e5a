import type { DaemonState } from "../../../server/daemon-spec.ts";
import { tryControl } from "./control-client.ts";
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

/** The daemon's view of itself, or null when it does not run. */
export async function daemonState({
  socketPath,
}: Pick<LocalSite, "socketPath">): Promise<DaemonState | null> {
  const path = "/control/state";
  const answer = await tryControl<DaemonState>({ socketPath, path, timeout: 2000 });
  return answer?.status === 200 ? answer.body : null;
}
