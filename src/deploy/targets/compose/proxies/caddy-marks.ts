import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Colour } from "../colours.ts";
import { type CaddyMarks, awayMark, isMark, marksOf } from "./caddy-files.ts";
import type { ProxyOrder } from "./proxy.ts";
import { writeProxyFile } from "./proxy-files.ts";

const colourMark = ({ green, nobody }: CaddyMarks, colour: Colour | null): string | null =>
  colour === null ? nobody : { green, blue: null }[colour];

/**
 * Has Caddy take another turn at its next request. Whoever is turned away is so before nobody serves,
 * and until somebody does.
 */
export function placeMarks(
  folder: string,
  { upstreams, colour, notice }: Pick<ProxyOrder, "upstreams" | "colour" | "notice">,
): void {
  const marks = marksOf(upstreams);
  const wanted = colourMark(marks, colour);
  if (notice !== null) writeProxyFile(folder, awayMark, "");
  if (wanted !== null) writeProxyFile(folder, wanted, "");
  for (const mark of [marks.green, marks.nobody]) if (mark !== wanted) remove(folder, mark);
  if (notice === null) remove(folder, awayMark);
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
