import type { Project } from "../config/project.ts";
import type { ReleaseRecord } from "../deploy/release.ts";
import type { ReleaseState } from "../deploy/target.ts";
import type { View } from "../deploy/view.ts";
import { StudioError } from "../errors.ts";
import { type Ledger, openLedgerForReading } from "../ledger/ledger.ts";
import { type ReleaseRow, currentRelease } from "../ledger/releases.ts";
import { type StatePaths, statePaths } from "../state.ts";

export interface Host {
  /** `24.15.0` */
  node: string;
  /** Bytes of memory that programs could still be given. */
  freeMemory: number;
}

export interface DiagnosisInput {
  host: Host;
  now: Date;
  env: Record<string, string | undefined>;
  project(): Promise<Project>;
  view(): Promise<View>;
}

/** What can be read, or the reason why it cannot. */
export type Reading<T> = { value: T } | { error: StudioError };

export interface Serving {
  row: ReleaseRow;
  record: ReleaseRecord;
  state: ReleaseState;
}

/** All that the checks look at, read once. A null stands for what an earlier failure hides. */
export interface Scene {
  host: Host;
  now: Date;
  env: Record<string, string | undefined>;
  project: Reading<Project>;
  paths: StatePaths | null;
  view: Reading<View> | null;
  ledger: Reading<Ledger | null> | null;
  /** Null before the first deploy too. */
  serving: Serving | null;
}

/** @throws StudioError for what was typed wrongly, such as an unknown environment */
export async function readScene(input: DiagnosisInput): Promise<Scene> {
  const { host, now, env } = input;
  const blank = { host, now, env, paths: null, view: null, ledger: null, serving: null };
  const project = await read(() => input.project());
  if ("error" in project) {
    if (project.error.code !== "config.invalid") throw project.error;
    return { ...blank, project };
  }
  const { directory, environment } = project.value;
  const paths = statePaths(directory, environment);
  const view = await read(() => input.view());
  const ledger = await read(async () => openLedgerForReading(paths.ledger));
  const serving = await readServing(view, ledger, environment);
  return { ...blank, project, paths, view, ledger, serving };
}

export function closeScene({ ledger }: Scene): void {
  if (ledger !== null && "value" in ledger) ledger.value?.close();
}

async function readServing(
  view: Reading<View>,
  ledger: Reading<Ledger | null>,
  environment: string,
): Promise<Serving | null> {
  if ("error" in view || "error" in ledger || ledger.value === null) return null;
  const row = currentRelease(ledger.value, environment);
  if (row === null) return null;
  const record = row.record as ReleaseRecord;
  return { row, record, state: await view.value.target.state(record) };
}

async function read<T>(get: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await get() };
  } catch (error) {
    if (error instanceof StudioError) return { error };
    throw error;
  }
}
