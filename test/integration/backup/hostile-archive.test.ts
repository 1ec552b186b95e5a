import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { StudioError } from "../../../src/errors.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { timeLimit } from "../../support/every.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { archiveOf, member, pax, withChecksum } from "./archive-bytes.ts";
import { temporaryFolder } from "./fixtures.ts";
import { imported, unpacked } from "./imports.ts";

const huge = Buffer.alloc(12);
huge.writeUInt8(0x80);
huge.writeBigUInt64BE(2n ** 62n, 4);

const hostile: [name: string, archive: Buffer, says: string][] = [
  ["a path with ..", archiveOf({ name: "a/../../out" }), 'a/../../out has a ".."'],
  ["a path that is ..", archiveOf({ name: "..", flag: "5" }), 'has a ".."'],
  ["an absolute path", archiveOf({ name: "/tmp/out" }), "/tmp/out has an absolute path"],
  ["a prefix with ..", archiveOf({ name: "out", prefix: "a/.." }), "a/../out"],
  [
    "a long name with ..",
    archiveOf(member({ name: "L", flag: "L", content: "../out\0" }), { name: "ok" }),
    "../out",
  ],
  ["a record with ..", archiveOf(pax({ path: "../out" }), { name: "ok" }), "../out"],
  [
    "a sparse name with ..",
    archiveOf(pax({ "GNU.sparse.name": "../out", "GNU.sparse.size": "0" }), { name: "ok" }),
    "../out",
  ],
  [
    "a file through a symbolic link",
    archiveOf({ name: "link", flag: "2", target: "/tmp" }, { name: "link/out", content: "x" }),
    "link/out lies below a link",
  ],
  [
    "a folder through a symbolic link",
    archiveOf({ name: "link", flag: "2", target: ".." }, { name: "link/out", flag: "5" }),
    "link/out lies below a link",
  ],
  [
    "a link where files lie below already",
    archiveOf({ name: "d/file" }, { name: "d", flag: "2", target: "/tmp" }),
    "d is there twice",
  ],
  ["a file below a file", archiveOf({ name: "a" }, { name: "a/b" }), "a/b lies below"],
  [
    "a hard link to outside",
    archiveOf({ name: "a", flag: "1", target: "/etc/passwd" }),
    "a is a hard link whose target has an absolute path",
  ],
  [
    "a hard link with ..",
    archiveOf({ name: "a", flag: "1", target: "../../etc/passwd" }),
    "a is a hard link whose target",
  ],
  [
    "a hard link to what is not there",
    archiveOf({ name: "a", flag: "1", target: "b" }, { name: "b" }),
    "did not bring before",
  ],
  [
    "a hard link to a folder",
    archiveOf({ name: "d", flag: "5" }, { name: "a", flag: "1", target: "d" }),
    "did not bring before",
  ],
  ["a hard link to itself", archiveOf({ name: "a", flag: "1", target: "a" }), "did not bring"],
  [
    "a hard link with a content",
    archiveOf({ name: "b" }, { name: "a", flag: "1", target: "b", content: "x" }),
    "has a content",
  ],
  [
    "a folder with a content",
    archiveOf({ name: "d", flag: "5", content: "hidden" }),
    "d is no file, and has a content",
  ],
  ["a character device", archiveOf({ name: "tty", flag: "3" }), "tty is a device"],
  ["a block device", archiveOf({ name: "sda", flag: "4" }), "sda is a device"],
  ["a FIFO", archiveOf({ name: "pipe", flag: "6" }), "pipe is a FIFO"],
  ["an unknown type", archiveOf({ name: "odd", flag: "Z" }), 'odd is of the unknown type "Z"'],
  ["another volume", archiveOf({ name: "rest", flag: "M" }), "goes on from another volume"],
  ["a name twice", archiveOf({ name: "a" }, { name: "./a" }), "./a is there twice"],
  [
    "a file where a folder was",
    archiveOf({ name: "a", flag: "5" }, { name: "a" }),
    "a is there twice",
  ],
  ["a file named as the folder itself", archiveOf({ name: "." }), "folder itself"],
  ["no name", archiveOf({ name: "" }), "has no name"],
  ["a name with NUL", archiveOf(pax({ path: "a\0b" }), { name: "a" }), "NUL byte"],
  ["a name of 256 bytes", archiveOf(pax({ path: "x".repeat(256) }), { name: "a" }), "longer"],
  ["a path of 5000 bytes", archiveOf(pax({ path: "x/".repeat(2500) }), { name: "a" }), "longer"],
  [
    "a link to nothing",
    archiveOf({ name: "a", flag: "2", target: "" }),
    "a is a symbolic link to what no link can point to",
  ],
  [
    "a size of exabytes",
    archiveOf({ name: "big", edit: (block) => void huge.copy(block, 124) }),
    "big has an impossible size",
  ],
  [
    "a negative size",
    archiveOf({ name: "neg", edit: (block) => void Buffer.alloc(12, 0xff).copy(block, 124) }),
    "neg has an impossible size",
  ],
];

describe("an archive with this is refused, and named", () => {
  test.for(hostile)("%s", async ([, archive, says]) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "archive"), archive);
    const failure = unpacked(join(folder, "archive"), join(folder, "scratch"));
    await expect(failure).rejects.toMatchObject({
      code: "import.unsafe",
      exitCode: 2,
      message: expect.stringContaining(says),
    });
    expect(readdirSync(folder)).toEqual(["archive"]);
  });
});

const good = archiveOf({ name: "a", content: "x".repeat(1500) }, { name: "b", content: "y" });

const damaged: [name: string, archive: Buffer][] = [
  ["cut off in a header", good.subarray(0, 300)],
  ["cut off in a content", good.subarray(0, 1000)],
  ["cut off between members", good.subarray(0, 2048)],
  ["cut off before its end", good.subarray(0, 3072)],
  ["with a changed header", withByte(good, 10, 0x41)],
  ["that goes on after its end", Buffer.concat([good, Buffer.from("more")])],
  ["with a second archive after it", Buffer.concat([good, good])],
  ["with half a gzip stream", gzipSync(good).subarray(0, -20)],
  ["with a changed gzip stream", withByte(gzipSync(good), -6, 0x55)],
  ["with half a zstd frame", zstdCompressSync(good).subarray(0, -5)],
  [
    "with a record that has no end",
    archiveOf(member({ name: "x", flag: "x", content: "30 path=a\n" }), { name: "a" }),
  ],
  [
    "with a record that has no length",
    archiveOf(member({ name: "x", flag: "x", content: "path=a\n" }), { name: "a" }),
  ],
  ["with a size that is no number", archiveOf(pax({ size: "-5" }), { name: "a" })],
  ["with a time that is no number", archiveOf(pax({ mtime: "soon" }), { name: "a" })],
  ["with an owner beyond all", archiveOf(pax({ uid: "4294967295" }), { name: "a" })],
  ["with an extended header of gigabytes", archiveOf({ name: "x", flag: "x", size: 2 ** 31 })],
  [
    "with holes that overlap",
    archiveOf(pax({ "GNU.sparse.size": "9", "GNU.sparse.map": "0,2,1,1" }), {
      name: "a",
      content: "abc",
    }),
  ],
  [
    "with holes beyond the file",
    archiveOf(pax({ "GNU.sparse.size": "2", "GNU.sparse.map": "0,3" }), {
      name: "a",
      content: "abc",
    }),
  ],
  [
    "with a map without end",
    archiveOf({ name: "a", flag: "S", edit: (block) => void block.write("\u0001", 482) }),
  ],
  [
    "with a map that counts further than it goes",
    archiveOf(pax({ "GNU.sparse.major": "1", "GNU.sparse.realsize": "5" }), {
      name: "a",
      content: "900000\n1\n".padEnd(512, "\0"),
    }),
  ],
];

describe("an archive is damaged", () => {
  test.for(damaged)("%s", async ([, archive]) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "archive"), archive);
    const failure = unpacked(join(folder, "archive"), join(folder, "scratch"));
    await expect(failure).rejects.toMatchObject({ code: "import.damaged", exitCode: 4 });
    expect(readdirSync(folder)).toEqual(["archive"]);
  });
});

describe("an archive that holds far more than its size lets expect", () => {
  test("is refused before it fills the disk, unless the operator says how much it may hold", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "archive");
    const claim = pax({ "GNU.sparse.size": String(2 ** 40), "GNU.sparse.map": "0,1" });
    const bombs = [
      archiveOf({ name: "claims", content: "x", size: 2 ** 32 }),
      archiveOf(claim, { name: "holes", content: "x" }),
    ];
    for (const bomb of bombs) {
      writeFileSync(file, bomb);
      await expect(unpacked(file, join(folder, "scratch"))).rejects.toMatchObject({
        code: "import.tooLarge",
        exitCode: 2,
        hint: expect.stringContaining("--max-size"),
      });
    }
    writeFileSync(file, gzipSync(archiveOf({ name: "a", content: Buffer.alloc(3_000_000) })));
    await expect(unpacked(file, join(folder, "scratch"), 2_000_000)).rejects.toMatchObject({
      code: "import.tooLarge",
    });
    expect(await unpacked(file, join(folder, "scratch"), 4_000_000)).toHaveLength(1);
    writeFileSync(file, archiveOf(pax({ size: String(2 ** 52) }), { name: "claims" }));
    await expect(unpacked(file, join(folder, "scratch"), 2 ** 53)).rejects.toMatchObject({
      code: "import.full",
      exitCode: 8,
    });
    expect(readdirSync(folder)).toEqual(["archive"]);
  });
});

test("nothing is in the repository, nor left on the disk, after an archive was refused late", async () => {
  const folder = temporaryFolder();
  const [file, workDirectory] = [join(folder, "archive"), join(folder, "work")];
  const archive = archiveOf({ name: "good", content: "x" }, { name: "/etc/bad", content: "y" });
  writeFileSync(file, archive);
  const store = memoryStore();
  await expect(imported(file, { store, workDirectory })).rejects.toThrow(StudioError);
  expect(await listSnapshots(store)).toEqual([]);
  expect(existsSync(workDirectory)).toBe(false);
});

test(
  "200 random changes of archives end in an error that is told, or in an import that is right",
  async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "in"));
    const [file, scratch] = [join(folder, "in", "archive"), join(folder, "in", "scratch")];
    const seeds = [fuzzed, gzipSync(fuzzed), zstdCompressSync(fuzzed)];
    const random = generator(20_261_121);
    const outcomes = new Map<string, number>();
    for (let round = 0; round < 200; round += 1) {
      const seed = seeds[round % 4 < 2 ? 0 : (round % 4) - 1] ?? fuzzed;
      writeFileSync(file, mutated(seed, random));
      const outcome = await unpacked(file, scratch).then(
        (members) => (members.every(({ path }) => !path.includes("..")) ? "imported" : "wrong"),
        (error: unknown) => (error instanceof StudioError ? error.code : String(error)),
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      expect(readdirSync(folder)).toEqual(["in"]);
      expect(readdirSync(join(folder, "in"))).toEqual(["archive"]);
    }
    const told = [
      "imported",
      "import.unsafe",
      "import.damaged",
      "import.tooLarge",
      "import.full",
      "usage",
    ];
    expect([...outcomes.keys()].filter((one) => !told.includes(one))).toEqual([]);
    expect(outcomes.get("import.damaged")).toBeGreaterThan(50);
    expect(readFileSync("/etc/passwd", "utf8")).toContain("root");
  },
  timeLimit(60_000),
);

const fuzzed = archiveOf(
  { name: "folder", flag: "5", mode: 0o755 },
  { name: "folder/file", content: "content ".repeat(100) },
  { name: "link", flag: "2", target: "folder/file" },
  { name: "hard", flag: "1", target: "folder/file" },
  member({ name: "L", flag: "L", content: `${"long/".repeat(40)}name\0` }),
  { name: "long", content: "x" },
  pax({ path: "records", mtime: "1.5", uid: "1" }),
  { name: "r", content: "y".repeat(700) },
  pax({ "GNU.sparse.size": "9000", "GNU.sparse.map": "0,3,4096,3" }),
  { name: "sparse", content: "abcdef" },
);

/** xorshift32: the same numbers in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Changes bytes, cuts or doubles a part; half of the time headers get their checksum again. */
function mutated(seed: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(seed);
  for (let count = 1 + random(4); count > 0; count -= 1) {
    const at =
      random(4) === 0 ? random(bytes.length) : 512 * random(bytes.length >> 9 || 1) + random(345);
    bytes[Math.min(at, bytes.length - 1)] = random(3) === 0 ? 0x2e : random(256);
  }
  const kind = random(6);
  if (kind === 0) return bytes.subarray(0, random(bytes.length));
  if (kind === 1) return Buffer.concat([bytes.subarray(0, 512 * random(8)), bytes]);
  for (let at = 0; kind > 3 && at + 512 <= bytes.length; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) === "ustar") {
      withChecksum(bytes.subarray(at, at + 512));
    }
  }
  return bytes;
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at < 0 ? changed.length + at : at] = value;
  return changed;
}
