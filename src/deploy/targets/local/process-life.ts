import type { StepRun } from "../../../operation/step.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessIdentity, isAlive } from "../../../shell/process-identity.ts";
import { livingSupervisor } from "./instance-file.ts";
import type { StartRequest } from "./instances.ts";
import { openListener } from "./launch-supervisor.ts";
import type { LocalSite } from "./local-site.ts";
import { supervisorState } from "./process-states.ts";
import { askSupervisor, endLeftovers, settledSupervisor } from "./processes.ts";

export interface ProcessOrder extends StartRequest {
  /** Node, and the arguments up to the hidden command of the supervisor. */
  supervisor: readonly string[];
  grace: number;
}

/** Starts a process behind the site's supervisor, and that first where there is none. */
export async function startProcess(
  site: LocalSite,
  run: StepRun,
  { supervisor, ...request }: ProcessOrder,
): Promise<void> {
  await settledSupervisor(site);
  await run.effect("leftovers", () => endLeftovers(site, request.release, request.grace));
  if ((await supervisorState(site)) === null) {
    await run.effect("listen", (reach) =>
      openListener({
        ...site,
        command: supervisor,
        env: request.env,
        onStart: (identity) => run.child(identity),
        onTold: () => reach("told"),
      }),
    );
  }
  await run.effect("spawn", () => askSupervisor(site, "/start", request satisfies StartRequest));
}

/** Lets a process finish its requests and end, and the supervisor where it was the last. */
export async function stopProcess(
  site: LocalSite,
  run: StepRun,
  { release, grace }: { release: string; grace: number },
): Promise<void> {
  if ((await settledSupervisor(site)) !== null) {
    await run.effect("stop", () =>
      askSupervisor(site, "/stop", { release, grace }, grace + 10_000),
    );
    const left = (await supervisorState(site))?.instances ?? [];
    if (left.length === 0) {
      const supervisor = livingSupervisor(site.runFolder)?.identity ?? null;
      await run.effect("close", () => askSupervisor(site, "/shutdown", {}));
      await supervisorGone(supervisor);
    }
  }
  await run.effect("leftovers", () => endLeftovers(site, release, grace));
}

/** Its file and its socket go first; the process, with the address that it held, last. */
async function supervisorGone(supervisor: ProcessIdentity | null): Promise<void> {
  for (let waited = 0; waited < 5000; waited += 25) {
    if (supervisor === null || !isAlive(supervisor)) return;
    await sleep(25);
  }
}
