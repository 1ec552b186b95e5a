import { StudioError, exitCodes } from "../errors.ts";
import { findUnfinished } from "../ledger/operations.ts";
import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { type Performed, perform, unfinishedError } from "../operation/perform.ts";
import type { DeployInput, DeployWork } from "./deploy-input.ts";
import { deploySteps } from "./deploy-steps.ts";
import { planDeploy } from "./plan-deploy.ts";
import { readReleaseContent } from "./release-content.ts";
import { runFailedHooks } from "./steps/hook.ts";
import type { Workplace } from "./workplace.ts";

export interface DeployOptions {
  message: string | null;
  skip: DeployInput["skip"];
}

export interface DeployPlanView {
  release: string;
  previous: string | null;
  code: string;
  models: string[];
  migrations: string[];
  schemaHead: string | null;
  backup: string;
  traffic: string;
  url: string;
  steps: string[];
}

export interface DeployResult {
  operation: string;
  release: string;
  previous: string | null;
  url: string;
  snapshot: string | null;
  schemaHead: string | null;
  migrations: string[];
  warnings: string[];
}

/** What a deploy would do now; nothing is changed, and no lock is taken. */
export async function previewDeploy(
  place: Workplace,
  options: DeployOptions,
): Promise<DeployPlanView> {
  const ledger = openLedgerForReading(place.desk.paths.ledger);
  try {
    if (ledger !== null) {
      const unfinished = findUnfinished(ledger, place.desk.environment);
      if (unfinished !== null) throw unfinishedError(unfinished);
    }
    const content = await readReleaseContent(place.desk.paths, place.project, false);
    const input = await planDeploy({ place, content, ledger, skip: options.skip });
    return viewPlan(place, input);
  } finally {
    ledger?.close();
  }
}

/** Brings a new release of the environment up and retires the one before, or changes nothing. */
export async function deploy(place: Workplace, options: DeployOptions): Promise<DeployResult> {
  let work: DeployWork | null = null;
  const { desk } = place;
  try {
    const performed = await perform(desk, "deploy", async (ledger) => {
      const content = await readReleaseContent(desk.paths, place.project, true);
      const input = await planDeploy({ place, content, ledger, skip: options.skip });
      work = deployWork(place, ledger, input, async () => content);
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

function isFailure(error: StudioError): boolean {
  return error.exitCode === exitCodes.undone || error.exitCode === exitCodes.notUndone;
}

export function deployWork(
  place: Workplace,
  ledger: Ledger,
  input: DeployInput,
  content: DeployWork["content"],
): DeployWork {
  const { release, previous } = input;
  return { place, input, release, previous: previous?.record ?? null, ledger, content };
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
    warnings: performed.warnings,
  };
}

function viewPlan(place: Workplace, input: DeployInput): DeployPlanView {
  const { release, previous, schema, first, skip } = input;
  const work = { place, input, release, previous: previous?.record ?? null } as DeployWork;
  const same = previous?.record.code.digest === release.code.digest;
  return {
    release: release.id,
    previous: previous?.record.id ?? null,
    code: `${release.code.digest.slice(0, 12)}${same ? " (unchanged)" : ""}`,
    models: release.models.map((model) => `${model.name} ${model.version} (${model.source})`),
    migrations: schema.pending,
    schemaHead: schema.head,
    backup: skip.backup
      ? "none (--skip-backup)"
      : `set "full" ${first ? "after migrating: nothing exists yet" : "before migrating"}, read back`,
    traffic: place.target.describeSwitch(release, previous?.record ?? null),
    url: place.target.publicUrl(release),
    steps: deploySteps(work).map((step) => step.title),
  };
}
