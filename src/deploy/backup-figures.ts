import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SnapshotReport } from "../backup/create/create.ts";
import { replaceFile } from "../replace-file.ts";

interface Taken {
  /** The folder that the exporter of a stack reads; where it is not there, nothing is written. */
  folder: string;
  report: SnapshotReport;
  milliseconds: number;
}

/**
 * Tells those who watch over the machine of the snapshot that was taken: a file for each
 * environment and set in the text format of Prometheus, for node-exporter's textfile collector.
 * @throws what writing a file throws
 */
export function writeBackupFigures({ folder, report, milliseconds }: Taken): void {
  if (!existsSync(folder)) return;
  const { snapshot, added, skipped } = report;
  const { environment, set, created, counts } = snapshot;
  const figures: readonly [name: string, help: string, value: number][] = [
    ["success_timestamp_seconds", "When the last snapshot was taken", Date.parse(created) / 1000],
    ["duration_seconds", "How long it took, with being read back", milliseconds / 1000],
    ["files", "Files in it", counts.files],
    ["bytes", "Bytes of what is in it", counts.bytes],
    ["added_bytes", "Bytes that it added to the repository", added.bytes],
    ["skipped_files", "Files that could not be read", skipped.length],
  ];
  // The names of environments and sets hold nothing that would need to be escaped.
  const labels = `{environment="${environment}",set="${set}"}`;
  const lines = figures.flatMap(([end, help, value]) => {
    const name = `studio_backup_last_${end}`;
    return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name}${labels} ${value}`];
  });
  const file = join(folder, `backup-${environment}-${set}.prom`);
  // The exporter must never see half of it, and reads as a user of its own.
  replaceFile(file, `${lines.join("\n")}\n`, { mode: 0o644, flush: false });
}
