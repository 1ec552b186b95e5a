import { stat } from "node:fs/promises";
import type { CloneObserver } from "../clone-scene.ts";
import type { RehearsalInput } from "../rehearsal-input.ts";
import type { TableSize } from "../table-sizes.ts";
import { SqliteWatch } from "./watch.ts";

/** SQLite runs in this process: there is nothing to look at from beside. */
export function observeSqlite({ database }: RehearsalInput): CloneObserver {
  return {
    watch: new SqliteWatch(),
    begin: async () => {},
    cancel: async () => {},
    async sizes() {
      const bytes = await stat(database.file ?? "").then(
        ({ size }) => size,
        () => null,
      );
      return new Map<string, TableSize>([["", { rows: null, bytes }]]);
    },
    notes: () => [
      "In earnest a migration keeps every writer of the file waiting until it is through. Readers go on with the state before it (WAL mode).",
    ],
    close: async () => {},
  };
}
