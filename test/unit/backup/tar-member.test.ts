import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { pathFromBytes } from "../../../src/backup/format/path-text.ts";
import {
  type TarMember,
  endBytes,
  headerBound,
  paddingOf,
  readMembers,
  writeHeader,
} from "../../../src/backup/format/tar-member.ts";

type Full = Omit<TarMember, "size"> & { content: Buffer };

function archiveOf(members: readonly Full[]): Buffer {
  const bound = members.reduce(
    (sum, { path, content }) => sum + headerBound(path) + content.length + 512,
    endBytes,
  );
  // Old bytes must not show through.
  const archive = Buffer.alloc(bound, 0xaa);
  let at = 0;
  for (const { content, ...member } of members) {
    const start = writeHeader({ ...member, size: content.length }, archive, at);
    expect(start - at).toBeLessThanOrEqual(headerBound(member.path));
    content.copy(archive, start);
    at = start + content.length + paddingOf(content.length);
    archive.fill(0, start + content.length, at);
  }
  archive.fill(0, at, at + endBytes);
  return archive.subarray(0, at + endBytes);
}

const path = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .filter((bytes) => !bytes.includes(0))
  .map((bytes) => pathFromBytes(Buffer.from(bytes)));
const file = { path: "a", mode: 0o644, uid: 0, gid: 0, mtime: 0 };

test("any member comes back by its name and content, whatever bytes the name has", () => {
  const member = fc.record({
    path: fc.oneof(
      path,
      path.map((text) => `-${text}`),
    ),
    content: fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    mtime: fc.integer({ min: -1_000_000_000, max: 10_000_000_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(member, { maxLength: 4 }), (members) => {
      const found = [...readMembers(archiveOf(members))];
      expect(found.map((one) => one.path)).toEqual(members.map((one) => one.path));
      for (const [index, one] of found.entries()) {
        expect(one.content.equals(members[index]?.content ?? Buffer.alloc(0))).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test("a damaged header, a missing end and bytes after the end are refused", () => {
  const archive = archiveOf([{ ...file, content: randomBytes(3) }]);
  const flipped = Buffer.from(archive);
  flipped[5] = 1;
  expect(() => [...readMembers(flipped)]).toThrow("header that is damaged");
  expect(() => [...readMembers(archive.subarray(0, -endBytes))]).toThrow("no end");
  expect(() => [...readMembers(Buffer.concat([archive, archive]))]).toThrow("after its end");
});
