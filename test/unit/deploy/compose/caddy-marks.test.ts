import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Colour } from "../../../../src/deploy/targets/compose/colours.ts";
import {
  type CaddyMarks,
  awayMark,
  marksOf,
} from "../../../../src/deploy/targets/compose/proxies/caddy-files.ts";
import {
  type Turn,
  listMarks,
  placeMarks,
  removeFormerMarks,
} from "../../../../src/deploy/targets/compose/proxies/caddy-marks.ts";

const upstreams = upstreamsAt(8000);
const marks = marksOf(upstreams);
const turns = (["blue", "green", null] as const).flatMap((colour) =>
  [null, { message: "back soon" }].map((notice): Turn => ({ upstreams, colour, notice })),
);

function upstreamsAt(port: number): Turn["upstreams"] {
  const addresses = { blue: `api-blue:${port}`, green: `api-green:${port}` };
  return [{ service: "api", address: addresses.blue, addresses, runs: true }];
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "studio-marks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** As the snippets read them: whom a request that comes now meets. */
function metIn(folder: string, { green, nobody }: CaddyMarks): Colour | "away" | null {
  const isThere = (name: string): boolean => existsSync(join(folder, name));
  if (isThere(awayMark)) return "away";
  if (isThere(nobody)) return null;
  return isThere(green) ? "green" : "blue";
}

const meant = ({ colour, notice }: Turn) => (notice === null ? colour : "away");

/** Whatever was left by one who was killed amid other turns. */
const leftBehind = [[], [marks.green], [marks.nobody], [marks.green, marks.nobody]].flatMap(
  (some) => [some, [...some, awayMark]],
);

test("at every instant of a switch a request meets who served, who is to serve, or the notice", () => {
  for (const left of leftBehind) {
    for (const turn of turns) {
      const folder = emptyFolder();
      for (const name of left) writeFileSync(join(folder, name), "");
      const before = metIn(folder, marks);
      const seen = new Set<unknown>();
      placeMarks(folder, turn, () => seen.add(metIn(folder, marks)));
      expect(metIn(folder, marks)).toBe(meant(turn));
      const allowed = new Set([before, meant(turn)]);
      expect([...seen].filter((one) => !allowed.has(one as Colour))).toEqual([]);
    }
  }
});

test("marks of another table of addresses are none of this one's, and go when it is over", () => {
  const folder = emptyFolder();
  placeMarks(folder, { upstreams, colour: "green", notice: null }, () => {});
  const others = upstreamsAt(9000);
  placeMarks(folder, { upstreams: others, colour: "blue", notice: null }, () => {});
  expect([metIn(folder, marks), metIn(folder, marksOf(others))]).toEqual(["green", "blue"]);
  removeFormerMarks(folder, others);
  expect(listMarks(folder)).toEqual([]);
});
