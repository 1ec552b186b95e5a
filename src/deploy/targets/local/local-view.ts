import { join } from "node:path";
import { type ReleaseRecord, codeFolder, describeAddress, releaseFolder } from "../../release.ts";
import type { ReleaseState, TargetView } from "../../target.ts";
import type { TargetInput } from "../target-input.ts";
import { askPublic } from "./control-client.ts";
import { asLocal } from "./local-release.ts";
import { type LocalSite, siteOf } from "./local-site.ts";
import { daemonState, supervisorState } from "./process-states.ts";

/** Looks at releases that are processes of this machine. */
export function createLocalView(input: TargetInput): TargetView {
  const { paths } = input;
  const siteFor = (release: ReleaseRecord) => siteOf(paths, asLocal(release));
  const urlOf = (release: ReleaseRecord) => describeAddress(asLocal(release).address);
  return {
    kind: "local",
    async outline(previous) {
      const { outlineLocal } = await import("./outline.ts");
      return outlineLocal(input, previous);
    },
    describe: ({ id, studio, models }) => ({
      code: `studio ${studio}, as release ${id} ran it`,
      models: models.map(({ name, version, source }) => `${name} ${version} (${source})`),
    }),
    migrationFolders(release) {
      const { code } = asLocal(release);
      const own = join(codeFolder(paths, code.digest), code.migrations);
      const folder = join(releaseFolder(paths, release.id), "migrations");
      return [
        { folder: own, origin: "studio" },
        { folder, origin: "project" },
      ];
    },
    succession: () => "beside",
    describeSwitch: (release, previous) =>
      describeSwitch(urlOf(release), previous === null ? null : urlOf(previous)),
    openStreams: async () => null,
    state: (release) => stateOf(siteFor(release), release),
    whoAnswers: (release) => whoAnswers(urlOf(release)),
    async lastLines(release, count) {
      const { readLastLines } = await import("./last-lines.ts");
      return readLastLines(siteFor(release).outputFile, count);
    },
    publicUrl: urlOf,
    async logs(request) {
      const { showLocalLogs } = await import("./local-service.ts");
      await showLocalLogs(input, request);
    },
    async execute(_release, request) {
      const { executeLocally } = await import("./local-service.ts");
      return executeLocally(input, request);
    },
    reachDatabase: async (written) => written,
    backingServices: () => [],
    services: async () => [],
    certificates: async () => [],
    audit: async () => [],
  };
}

function describeSwitch(here: string, before: string | null): string {
  if (before === null) return `opens ${here}`;
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
    // A daemon of an older studio has no message.
    maintenance:
      daemon?.maintenance === true ? { message: daemon.maintenanceMessage ?? null } : null,
    canAccept: daemon !== null && (daemon.accepting || daemon.takesLeft > 0),
    ready: daemon?.ready ?? false,
    startedAt: daemon?.startedAt ?? null,
    restarts: instance?.restarts ?? 0,
    requests: daemon?.requests ?? { total: 0, errors: 0 },
    // A daemon of an older studio keeps no such figures.
    day: daemon?.day ?? null,
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
