import { createHash } from "node:crypto";
import { StudioError, exitCodes } from "../../errors.ts";

/**
 * Our lines in a crontab, between two that say whose they are, with a checksum that tells whether
 * somebody edited them. All texts here are byte texts: each character is one byte.
 */
export interface Block {
  start: number;
  /** Behind its last line break. */
  end: number;
  /** From the first marker to the second, with the line break behind it. */
  text: string;
  /** False where the lines are not those that were written. */
  intact: boolean;
  /** True where the crontab had no line break at its end, and got one for the block. */
  joined: boolean;
}

const beginning = (id: string): string => `# BEGIN studio:${id} `;
const ending = (id: string): string => `# END studio:${id}`;

/** @param lines each with its line break */
export function blockText(id: string, lines: string, joined = false): string {
  const flag = joined ? " joined" : "";
  return `${beginning(id)}v1 sha256=${digestOf(lines)}${flag}\n${lines}${ending(id)}\n`;
}

/**
 * Our block in a crontab, or null.
 * @throws StudioError (exit 2) where the markers are not one pair, or the lines were edited
 */
export function findBlock(crontab: string, id: string): Block | null {
  const { blocks, loose } = findAll(crontab, id);
  const [block = null] = blocks;
  if (blocks.length > 1 || loose.length > 0) {
    throw damaged(id, "the lines that mark it are not one pair");
  }
  if (block !== null && !block.intact) throw damaged(id, "somebody edited it");
  return block;
}

/**
 * The crontab with these lines as our block: in its old place, or at the end. Every other byte stays,
 * but for a line break at the end where there was none, which goes again with the block.
 * @param force takes what is damaged away instead of refusing it
 */
export function withBlock(crontab: string, id: string, lines: string, force: boolean): string {
  const clean = force ? withoutDamaged(crontab, id) : crontab;
  const place = findBlock(clean, id);
  if (place === null) {
    const joined = clean !== "" && !clean.endsWith("\n");
    return `${clean}${joined ? "\n" : ""}${blockText(id, lines, joined)}`;
  }
  const block = blockText(id, lines, place.joined);
  return clean.slice(0, place.start) + block + clean.slice(place.end);
}

/** The crontab without our block. */
export function withoutBlock(crontab: string, id: string, force: boolean): string {
  const clean = force ? withoutDamaged(crontab, id) : crontab;
  const place = findBlock(clean, id);
  return place === null ? clean : cut(clean, place);
}

function cut(crontab: string, { start, end, joined }: Block): string {
  const isLast = end === crontab.length && crontab[start - 1] === "\n";
  return crontab.slice(0, joined && isLast ? start - 1 : start) + crontab.slice(end);
}

/** Takes away all blocks of ours and all lines that mark none, unless there is one whole block. */
function withoutDamaged(crontab: string, id: string): string {
  const { blocks, loose } = findAll(crontab, id);
  if (loose.length === 0 && blocks.length === 1 && blocks[0]?.intact === true) return crontab;
  return [...blocks, ...loose]
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, place) => cut(text, place), crontab);
}

/** Each mark of a beginning with the next one of an end makes a block; other marks are loose. */
function findAll(crontab: string, id: string): { blocks: Block[]; loose: Block[] } {
  const blocks: Block[] = [];
  const loose: Block[] = [];
  let begun: { start: number; end: number; line: string } | null = null;
  for (const one of linesOf(crontab)) {
    const line = one.line.replace(/\r$/, "");
    if (line.startsWith(beginning(id))) {
      if (begun !== null) loose.push(looseMark(begun));
      begun = one;
    } else if (line === ending(id)) {
      if (begun === null) loose.push(looseMark(one));
      else blocks.push(describe(crontab, id, begun, one));
      begun = null;
    }
  }
  if (begun !== null) loose.push(looseMark(begun));
  return { blocks, loose };
}

interface Line {
  start: number;
  end: number;
  line: string;
}

function describe(crontab: string, id: string, first: Line, last: Line): Block {
  const text = crontab.slice(first.start, last.end);
  const joined = first.line.endsWith(" joined");
  const lines = crontab.slice(first.end, last.start);
  const intact = text === blockText(id, lines, joined);
  return { start: first.start, end: last.end, text, intact, joined };
}

const looseMark = ({ start, end }: Omit<Line, "line">): Block => ({
  start,
  end,
  text: "",
  intact: false,
  joined: false,
});

function* linesOf(text: string): Generator<Line> {
  let start = 0;
  for (const line of text.split("\n")) {
    const end = Math.min(start + line.length + 1, text.length);
    yield { start, end, line };
    start = end;
  }
}

function digestOf(lines: string): string {
  return createHash("sha256").update(Buffer.from(lines, "latin1")).digest("hex");
}

function damaged(id: string, why: string): StudioError {
  return new StudioError({
    code: "schedule.crontab-damaged",
    message: `The block of studio:${id} in the crontab is not as it was installed: ${why}. Nothing was changed.`,
    hint: "Look at it with crontab -l. --force takes it away, with what was edited in it.",
    exitCode: exitCodes.usage,
  });
}
