import { StudioError, exitCodes } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { type Performed, perform } from "../operation/perform.ts";
import type { DeployInput, DeployWork } from "./deploy-input.ts";
import type { IssuedKey } from "./issued-key.ts";
import { deploySteps } from "./deploy-steps.ts";
import { planDeploy } from "./plan-deploy.ts";
import { runFailedHooks } from "./steps/hook.ts";
import { cutOf } from "./steps/record.ts";
import { type ProbeFigures, createPublicProbe } from "./public-probe.ts";
import type { ReleaseRecord } from "./release.ts";
import type { Workplace } from "./workplace.ts";

export interface DeployOptions {
  message: string | null;
  skip: DeployInput["skip"];
  allowBreaking: boolean;
}

export interface DeployResult {
  operation: string;
  release: string;
  previous: string | null;
  url: string;
  snapshot: string | null;
  schemaHead: string | null;
  migrations: string[];
  /** Null where there was no release before, or nothing was asked. */
  probe: ProbeFigures | null;
  /** Streams of the release before that were cut at the end of its drain time; null: not counted. */
  cutStreams: number | null;
  /** The API's first key, where this deploy made it; its text is shown this once. */
  firstKey: IssuedKey | null;
  warnings: string[];
}

/** Brings a new release of the environment up and retires the one before, or changes nothing. */
export async function deploy(place: Workplace, options: DeployOptions): Promise<DeployResult> {
  let work: DeployWork | null = null;
  const { desk } = place;
  try {
    const performed = await perform(desk, "deploy", async (ledger) => {
      const [draft] = await Promise.all([place.target.releases.read(), lookAhead(place, ledger)]);
      const { skip, allowBreaking } = options;
      const { parts } = draft;
      const input = await planDeploy({ place, parts, ledger, skip, allowBreaking });
      work = deployWork(place, ledger, input, async () => draft);
      return { kind: "deploy", message: options.message, input, steps: deploySteps(work) };
    });
    return resultOf(work as unknown as DeployWork, performed);
  } catch (error) {
    if (work !== null && error instanceof StudioError && isFailure(error)) {
      await runFailedHooks(work, (text) => desk.observer.note(text));
    }
    throw error;
  }
}

/** What serves is asked for while what is to serve is read: who plans with it has the answer then. */
async function lookAhead({ target, desk }: Workplace, ledger: Ledger): Promise<void> {
  const record = currentRelease(ledger, desk.environment)?.record as ReleaseRecord | undefined;
  if (record?.target !== target.kind) return;
  // Whoever needs the answer is told why there is none.
  await target.state(record).catch(() => undefined);
}

function isFailure(error: StudioError): boolean {
  return error.exitCode === exitCodes.undone || error.exitCode === exitCodes.notUndone;
}

export function deployWork(
  place: Workplace,
  ledger: Ledger,
  input: DeployInput,
  draft: DeployWork["draft"],
  issued: IssuedKey[] = [],
): DeployWork {
  const { release, previous } = input;
  return {
    place,
    input,
    release,
    previous: previous?.record ?? null,
    ledger,
    draft,
    issued,
    probe: createPublicProbe(),
  };
}

export function resultOf(work: DeployWork, performed: Performed): DeployResult {
  const { input, release, place } = work;
  const backup = performed.results.get(input.first ? "first-backup" : "backup");
  return {
    operation: performed.operation,
    release: release.id,
    previous: work.previous?.id ?? null,
    url: place.target.publicUrl(release),
    snapshot: typeof backup === "object" && backup !== null ? input.snapshot : null,
    schemaHead: release.schemaHead,
    migrations: input.schema.pending,
    probe: probeOf(performed),
    cutStreams: cutOf(performed.results.get("watch")),
    firstKey: work.issued[0] ?? null,
    warnings: performed.warnings,
  };
}

function probeOf({ results }: Performed): ProbeFigures | null {
  const retired = results.get("retire") as { probe?: ProbeFigures | null } | null | undefined;
  return retired?.probe ?? null;
}
