import { chmodSync, lstatSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";

const name = fc
  .string({
    unit: fc.constantFrom("a", "b", ".", "-", " ", "é", "\\", "\n", "'", "*", "✓", "\u0001"),
    minLength: 1,
    maxLength: 8,
  })
  .filter((text) => text !== "." && text !== "..");
/** One thing of a random tree. */
export const item = fc.record({
  folders: fc.array(name, { maxLength: 3 }),
  name,
  kind: fc.constantFrom("file", "file", "folder", "link"),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 1, max: 9_000_000 }).map((size) => Buffer.alloc(size, "studio")),
  ),
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o777),
  time: fc.integer({ min: -1_000_000_000_000, max: 2_000_000_000_000 }),
});
export type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

/** Makes a tree of random things, as far as they fit together. */
export function build(tree: string, items: readonly Item[]): void {
  mkdirSync(tree, { recursive: true });
  for (const one of items) {
    try {
      mkdirSync(join(tree, ...one.folders), { recursive: true });
      const path = join(tree, ...one.folders, one.name);
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
      if (one.kind === "folder") mkdirSync(path);
      if (one.kind === "file") writeFileSync(path, one.content);
      if (one.kind === "link") {
        symlinkSync(one.content.toString("hex", 0, 40) || "x", path);
        continue;
      }
      chmodSync(path, one.kind === "file" ? one.mode : one.mode | 0o700);
      // As text: a negative number would mean now.
      utimesSync(path, String(one.time / 1000), String(one.time / 1000));
    } catch {
      // A name that is taken by another kind of thing: the tree is random, so be it.
    }
  }
}
