import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import type { Desk } from "../operation/perform.ts";
import type { DaySummary } from "../server/daemon-spec.ts";
import type { StatePaths } from "../state.ts";
import { type DetachedDaemon, daemonLog, readDaemon } from "./daemon-record.ts";
import { describeAddress } from "./release.ts";
import type { ServingProblem } from "./serving-problems.ts";
import { daemonSite } from "./targets/local/local-site.ts";
import { daemonState, supervisorState } from "./targets/local/process-states.ts";

/** How the daemon stands that `serve --detach` started. */
export interface DaemonReport {
  daemon: string;
  /** `starting again`: it died, and its supervisor does what it can. */
  state: "serving" | "not ready" | "starting again" | "not running";
  /** Null while it does not run. */
  pid: number | null;
  /** Since when this very process runs; null while none does. */
  since: string | null;
  /** How often it was started again in a row. */
  restarts: number;
  url: string;
  /** Absolute path of its log. */
  log: string;
  requests: { total: number; errors: number } | null;
  /** Of the last 24 hours, as far as its process knows. */
  day: DaySummary | null;
}

/** Null where none was started, or it was taken down. */
export async function reportDaemon(paths: StatePaths): Promise<DaemonReport | null> {
  const daemon = readDaemon(paths);
  return daemon === null ? null : lookAtDaemon(paths, daemon);
}

export async function lookAtDaemon(
  paths: StatePaths,
  daemon: DetachedDaemon,
): Promise<DaemonReport> {
  const site = daemonSite(paths, daemon);
  const [state, supervisor] = await Promise.all([daemonState(site), supervisorState(site)]);
  const instance = supervisor?.instances.find(({ release }) => release === daemon.id);
  const absent = instance?.keep === true ? "starting again" : "not running";
  return {
    daemon: daemon.id,
    state: state?.accepting !== true ? absent : state.ready ? "serving" : "not ready",
    pid: state?.pid ?? null,
    since: state?.startedAt ?? null,
    restarts: instance?.restarts ?? 0,
    url: describeAddress(daemon.address),
    log: daemonLog(paths, daemon),
    requests: state?.requests ?? null,
    day: state?.day ?? null,
  };
}

/** What is wrong with it, and what to type. */
export function daemonProblem(report: DaemonReport): ServingProblem | null {
  const { daemon, state, url, log } = report;
  if (state === "serving") return null;
  if (state !== "not running") {
    const how = state === "not ready" ? "runs and is not ready" : "died, and is started again";
    const message = `The daemon on ${url} ${how}.`;
    return { service: null, message, next: "`studio logs --detached` shows why." };
  }
  return {
    service: null,
    message: `The daemon ${daemon}, which was to serve on ${url}, does not run.`,
    next: `\`studio serve --detach\` starts it again; its last words are in ${log}.`,
  };
}

/** True where a daemon is all there is: `logs` and `down` mean it then without further words. */
export function isDaemonAlone({
  environment,
  paths,
}: Pick<Desk, "environment" | "paths">): boolean {
  if (readDaemon(paths) === null) return false;
  const ledger = openLedgerForReading(paths.ledger);
  try {
    return ledger === null || currentRelease(ledger, environment) === null;
  } finally {
    ledger?.close();
  }
}
