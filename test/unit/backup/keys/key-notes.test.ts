import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fingerprintOf,
  formatKeyNotes,
  parseKeyNotes,
  withSeen,
} from "../../../../src/backup/keys/key-notes.ts";

const when = new Date("2026-11-20T12:00:00Z");

describe("notes of keys", () => {
  test("come back as they were written", () => {
    const time = fc.date({ min: new Date(0), max: new Date(8e15), noInvalidDate: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), time)), (seen) => {
        let notes = parseKeyNotes("");
        for (const [recipient, at] of seen) notes = withSeen(notes, [recipient], at);
        expect(parseKeyNotes(formatKeyNotes(notes))).toEqual(notes);
        const last = seen.at(-1);
        if (last !== undefined) {
          expect(notes.get(fingerprintOf(last[0]))).toBe(last[1].toISOString());
        }
      }),
    );
  });

  test("that are damaged or foreign note nothing, and are no failure", () => {
    const bad = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"format":1,"seen":${text}}`),
      fc.json().map((text) => `{"format":1,"seen":{"${fingerprintOf("x")}":${text}}}`),
    );
    fc.assert(
      fc.property(bad, (text) => {
        for (const [fingerprint, at] of parseKeyNotes(text)) {
          expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
          expect(Date.parse(at)).not.toBeNaN();
        }
      }),
    );
    const newer = formatKeyNotes(withSeen(new Map(), ["x"], when)).replace("1,", "2,");
    expect(parseKeyNotes(newer).size).toBe(0);
  });

  test("hold fingerprints, not keys", () => {
    expect(formatKeyNotes(withSeen(new Map(), ["age1secret"], when))).not.toContain("age1");
  });
});
