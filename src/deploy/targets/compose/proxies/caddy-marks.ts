import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Reach } from "../../../../operation/faults.ts";
import type { Colour } from "../colours.ts";
import { type CaddyMarks, awayMark, isMark, marksOf } from "./caddy-files.ts";
import type { ProxyOrder } from "./proxy.ts";
import { writeProxyFile } from "./proxy-files.ts";

const colourMark = ({ green, nobody }: CaddyMarks, colour: Colour | null): string | null =>
  colour === null ? nobody : { green, blue: null }[colour];

export type Turn = Pick<ProxyOrder, "upstreams" | "colour" | "notice">;

/**
 * Has Caddy take another turn at its next request. Whoever is turned away is so before nobody serves,
 * and until somebody does.
 */
export function placeMarks(folder: string, turn: Turn, reach: Reach): void {
  if (turn.notice !== null) writeProxyFile(folder, awayMark, "");
  reach("turned-away");
  placeColour(folder, turn, reach);
  reach("coloured");
  if (turn.notice === null) remove(folder, awayMark);
}

/** Those that say who serves: a configuration that is to be loaded finds them there. */
export function placeColour(
  folder: string,
  { upstreams, colour }: Turn,
  reach: Reach = () => undefined,
): void {
  const marks = marksOf(upstreams);
  const wanted = colourMark(marks, colour);
  if (wanted !== null) writeProxyFile(folder, wanted, "");
  reach("placed");
  for (const mark of [marks.green, marks.nobody]) {
    if (mark !== wanted) remove(folder, mark);
    reach("removed");
  }
}

/** Those of former tables of addresses, by which Caddy goes no more. */
export function removeFormerMarks(folder: string, upstreams: ProxyOrder["upstreams"]): void {
  const { green, nobody } = marksOf(upstreams);
  for (const mark of listMarks(folder)) {
    if (mark !== green && mark !== nobody) remove(folder, mark);
  }
}

export const turnsAway = (folder: string): boolean => existsSync(join(folder, awayMark));

export function listMarks(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(isMark).toSorted() : [];
}

function remove(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}
