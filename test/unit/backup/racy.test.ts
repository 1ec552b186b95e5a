import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Base } from "../../../src/backup/base/base.ts";
import { nextBase } from "../../../src/backup/base/next-base.ts";
import type { FreshEntry } from "../../../src/backup/create/fresh-entry.ts";
import { Intake } from "../../../src/backup/create/intake.ts";
import type { FileMember, SourceContext } from "../../../src/backup/sources/source.ts";

const object = "a".repeat(64);
const known = {
  sha256: object,
  kind: "segment" as const,
  rawBytes: 9999,
  storedBytes: 1,
  key: null,
};
const silent = (): void => undefined;
const context: SourceContext = {
  scratch: "",
  avoid: new Set(),
  signal: undefined,
  skip: silent,
  vanish: silent,
  ignore: silent,
  link: silent,
  database: silent,
  note: silent,
};

/** A file system whose clock ticks coarsely, with one file whose size never changes. */
class CoarseDisk {
  content = "first";
  ctime = 0;
  mtime = 0;
  readonly #tick: number;

  constructor(tick: number) {
    this.#tick = tick;
  }

  /** @param mtime what the writer sets it to afterwards, as tar and rsync do */
  write(time: number, content: string, mtime: number | null): void {
    this.content = content;
    this.ctime = Math.floor(time / this.#tick) * this.#tick;
    this.mtime = mtime ?? this.ctime;
  }

  look(): FileMember {
    const times = { mtime: this.mtime, ctime: this.ctime };
    const who = { mode: 0o644, uid: 0, gid: 0, inode: 7, device: 1, names: 1 };
    return { type: "file", path: "file", file: "/file", size: 5, sparse: false, ...who, ...times };
  }
}

interface Step {
  /** Milliseconds since the step before. */
  wait: number;
  kind: "write" | "write and set mtime" | "snapshot" | "write while it is read";
}

/** Takes steps, and says what the last snapshot holds. */
function live(tick: number, steps: readonly Step[]): { stored: string; actual: string } {
  const disk = new CoarseDisk(tick);
  let time = 1_800_000_000_000;
  disk.write(time, "00000", null);
  let base: Base | null = null;
  const contents = new Map<string, string>();
  let stored = "";
  const takeSnapshot = (between: () => void): void => {
    const intake = new Intake({
      base,
      usable: [true],
      sources: 1,
      started: time,
      context,
      read(member: FileMember, fresh: FreshEntry) {
        const { path, mode, uid, gid, mtime, size } = member;
        const sha256 = createHash("sha256").update(disk.content).digest("hex");
        contents.set(sha256, disk.content);
        const place = { kind: "member" as const, object, member: path, stale: false };
        fresh.entry = { type: "file", path, mode, uid, gid, mtime, size, sha256, place };
        fresh.ctime = disk.ctime;
        fresh.doubtful ||= disk.ctime !== member.ctime;
      },
    });
    intake.add(disk.look());
    between();
    const made: Base = nextBase({
      snapshot: "s",
      commit: "c",
      items: intake.items,
      base,
      attributes: false,
      objects: [known],
      pages: [],
      amendments: [],
      amended: [],
    });
    base = made;
    stored = contents.get(made.hashes.toString("hex", 0, 32)) ?? "";
  };
  for (const [number, { wait, kind }] of steps.entries()) {
    time += wait;
    const next = String(number + 1).padStart(5, "0");
    if (kind === "write") disk.write(time, next, null);
    if (kind === "write and set mtime") disk.write(time, next, 1_000_000_000_000);
    if (kind === "snapshot") takeSnapshot(silent);
    if (kind === "write while it is read") takeSnapshot(() => disk.write(time, next, disk.mtime));
  }
  time += 1;
  takeSnapshot(silent);
  return { stored, actual: disk.content };
}

test("a change that neither size nor times tell is in the next snapshot", () => {
  const step = fc.record({
    wait: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 9000 }),
    ),
    kind: fc.constantFrom<Step["kind"]>(
      "write",
      "write and set mtime",
      "snapshot",
      "write while it is read",
    ),
  });
  // Times of a tick that is no whole number of milliseconds have parts of one.
  const tick = fc.constantFrom(1, 4, 10, 1000, 2000, 3.7, 9.9);
  fc.assert(
    fc.property(tick, fc.array(step, { maxLength: 12 }), (granularity, steps) => {
      const { stored, actual } = live(granularity, steps);
      expect(stored).toBe(actual);
    }),
    { numRuns: 2000 },
  );
});
