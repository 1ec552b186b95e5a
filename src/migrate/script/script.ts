import { invalidMigration } from "../invalid-migration.ts";

/** A text of SQL that knows its lines. Offsets count UTF-16 units from 0, lines from 1. */
export class Script {
  readonly text: string;
  readonly file: string;
  #lineStarts: number[] | null = null;

  constructor(text: string, file: string) {
    // The byte order mark that some editors write is no SQL.
    this.text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.file = file;
  }

  lineAt(offset: number): number {
    const starts = (this.#lineStarts ??= lineStarts(this.text));
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** @throws StudioError `migration.invalid` that names file and line */
  refuse(offset: number, reason: string): never {
    throw invalidMigration(this.file, reason, this.lineAt(offset));
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
