import { snapshotKey } from "../format/layout.ts";
import { isRecord } from "../format/record.ts";
import type { Store } from "../store/store.ts";

export interface DrilledDatabase {
  label: string;
  dialect: string;
  /** Rows of each table after the restore; null where it was not loaded. */
  tables: Record<string, number | null> | null;
  /** Why it was not loaded. */
  reason: string | null;
}

/** What a drill found, as it is kept beside the snapshot. */
export interface DrillReport {
  id: string;
  /** When it ended, ISO 8601, UTC. */
  at: string;
  ok: boolean;
  /** Milliseconds from an empty folder to proven files and loaded databases. */
  recovery: number;
  files: number;
  bytes: number;
  databases: DrilledDatabase[];
  /** Models that were loaded and run once. */
  models: string[];
  /** The damage that was planted in a copy of one object, and whether it was noticed. */
  planted: { path: string; object: string; noticed: boolean } | null;
  problems: string[];
  /** Whether the evidence could be written into the repository. */
  recorded: boolean;
}

export type DrillSummary = Pick<DrillReport, "at" | "ok" | "recovery">;

/** Keeps the evidence; false for a repository that can only be read. */
export async function writeDrill(
  store: Store,
  commit: string,
  report: Omit<DrillReport, "recorded">,
): Promise<boolean> {
  const text = `${JSON.stringify({ commit, ...report }, null, 2)}\n`;
  try {
    await store.put(snapshotKey(report.id, "drilled.json"), Buffer.from(text));
    await store.sync();
    return true;
  } catch {
    return false;
  }
}

/** The last drill of this very commit; null without one, or where the note cannot be read. */
export async function readDrill(
  store: Store,
  { id, checksum }: { id: string; checksum: string },
): Promise<DrillSummary | null> {
  const bytes = await store.get(snapshotKey(id, "drilled.json"));
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (!isRecord(value) || value["commit"] !== checksum) return null;
    const { at, ok, recovery } = value;
    if (typeof at !== "string" || typeof ok !== "boolean" || typeof recovery !== "number") {
      return null;
    }
    return { at, ok, recovery };
  } catch {
    return null;
  }
}
