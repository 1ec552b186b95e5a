import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeTarHeader, endOfArchive, paddingOf } from "../../../src/backup/tar-header.ts";
import type { TarMember } from "../../../src/backup/tar-header.ts";
import { TarReader } from "../../../src/backup/tar-reader.ts";

interface Read extends TarMember {
  content: string;
  offset: number;
}

function read(archive: Buffer, pieceBytes = 1000): Read[] {
  const members: Read[] = [];
  let pieces: Buffer[] = [];
  const reader = new TarReader({
    member: (member, offset) => members.push({ ...member, offset, content: "" }),
    content: (bytes) => pieces.push(Buffer.from(bytes)),
    end() {
      const last = members.at(-1);
      if (last !== undefined) last.content = Buffer.concat(pieces).toString("latin1");
      pieces = [];
    },
  });
  for (let start = 0; start < archive.length; start += pieceBytes) {
    reader.push(archive.subarray(start, start + pieceBytes));
  }
  reader.close();
  return members;
}

function archiveOf(members: (TarMember & { content: string })[]): Buffer {
  const parts = members.flatMap((member) => [
    encodeTarHeader(member),
    Buffer.from(member.content, "latin1"),
    Buffer.alloc(paddingOf(member.size)),
  ]);
  return Buffer.concat([...parts, endOfArchive]);
}

const file: TarMember = {
  type: "file",
  path: "a",
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  target: "",
};

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 120 })
  .filter((text) => !/[/\0]/.test(text) && text.isWellFormed());

test("any member comes back as it was written", () => {
  const member = fc
    .record({
      path: fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
      type: fc.constantFrom("file" as const, "directory" as const, "symlink" as const),
      content: fc.string({ unit: "binary-ascii", maxLength: 1500 }),
      mode: fc.integer({ min: 0, max: 0o7777 }),
      uid: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      mtime: fc.integer({ min: -1_000_000, max: 10_000_000_000 }).map((seconds) => seconds * 1000),
      target: name,
    })
    .map((fields) => ({
      ...fields,
      content: fields.type === "file" ? fields.content : "",
      size: fields.type === "file" ? fields.content.length : 0,
      target: fields.type === "symlink" ? fields.target : "",
    }));
  fc.assert(
    fc.property(fc.array(member, { maxLength: 4 }), fc.integer({ min: 1, max: 2000 }), (all, n) => {
      const found = read(archiveOf(all), n).map(({ offset: _offset, ...rest }) => rest);
      expect(found).toEqual(all);
    }),
    { numRuns: 150 },
  );
});

test("a file of more than 8 GiB has its size in an extended header", () => {
  const header = encodeTarHeader({ ...file, size: 9 * 2 ** 30 });
  expect(header.toString("latin1")).toContain(`size=${9 * 2 ** 30}\n`);
});

test("the offset of a member is where its content starts", () => {
  const archive = archiveOf([
    { ...file, path: "é".repeat(90), size: 3, content: "abc" },
    { ...file, size: 2, content: "de" },
  ]);
  for (const member of read(archive)) {
    const { offset, size, content } = member;
    expect(archive.toString("latin1", offset, offset + size)).toBe(content);
  }
});

test("a damaged header, a missing end and bytes after the end are refused", () => {
  const archive = archiveOf([{ ...file, size: 3, content: "abc" }]);
  const flipped = Buffer.from(archive);
  flipped[5] = 1;
  expect(() => read(flipped)).toThrow("header that is damaged");
  expect(() => read(archive.subarray(0, -512))).toThrow("no end");
  expect(() => read(Buffer.concat([archive, archive]))).toThrow("after its end");
});
