import type { StatePaths } from "../../../state.ts";
import { type ReleaseRecord, describeAddress } from "../../release.ts";
import type { ReleaseState, TargetView } from "../../target.ts";
import { askPublic } from "./control-client.ts";
import { type LocalSite, siteOf } from "./local-site.ts";
import { daemonState, supervisorState } from "./process-states.ts";

/** Looks at releases that are processes of this machine. */
export function createLocalView(paths: StatePaths): TargetView {
  return {
    kind: "local",
    describeSwitch,
    state: (release) => stateOf(siteOf(paths, release), release),
    whoAnswers: (release) => whoAnswers(describeAddress(release.address)),
    async lastLines(release, count) {
      const { readLastLines } = await import("./last-lines.ts");
      return readLastLines(siteOf(paths, release).outputFile, count);
    },
    publicUrl: (release) => describeAddress(release.address),
  };
}

function describeSwitch(release: ReleaseRecord, previous: ReleaseRecord | null): string {
  const here = describeAddress(release.address);
  if (previous === null) return `opens ${here}`;
  const before = describeAddress(previous.address);
  if (before === here) return `takes over the listening socket of ${here}; no request is dropped`;
  return `opens ${here}; ${before} closes, and clients that still use it are refused`;
}

async function stateOf(site: LocalSite, release: ReleaseRecord): Promise<ReleaseState> {
  const [daemon, supervisor] = await Promise.all([daemonState(site), supervisorState(site)]);
  const instances = supervisor?.instances ?? [];
  const instance = instances.find((other) => other.release === release.id);
  return {
    release: release.id,
    running: daemon !== null || instance?.alive === true,
    accepting: daemon?.accepting ?? false,
    maintenance: daemon?.maintenance ?? false,
    canAccept: daemon !== null && (daemon.accepting || daemon.takesLeft > 0),
    ready: daemon?.ready ?? false,
    startedAt: daemon?.startedAt ?? null,
    restarts: instance?.restarts ?? 0,
    requests: daemon?.requests ?? { total: 0, errors: 0 },
  };
}

async function whoAnswers(url: string): Promise<string | null> {
  try {
    const { headers } = await askPublic(url, "/health/live", 2000);
    const release = headers["x-studio-release"];
    return typeof release === "string" ? release : null;
  } catch {
    return null;
  }
}
