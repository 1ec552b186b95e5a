/** A message of a translation catalogue: the English original and its translations. */
export interface CatalogueMessage {
  original: string;
  translations: string[];
}

/** Reads a compiled catalogue: GNU gettext manual, "The Format of GNU MO Files". */
export function readMo(bytes: Buffer): CatalogueMessage[] {
  if (bytes.length < 28) return [];
  const magic = bytes.readUInt32LE(0);
  if (magic !== 0x950412de && magic !== 0xde120495) return [];
  const word = (offset: number): number =>
    magic === 0x950412de ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
  const count = word(8);
  const originals = word(12);
  const translated = word(16);
  const messages: CatalogueMessage[] = [];
  const textAt = (table: number, index: number): string => {
    const length = word(table + 8 * index);
    const start = word(table + 8 * index + 4);
    return bytes.toString("utf8", start, start + length);
  };
  for (let index = 0; index < count; index += 1) {
    const original = withoutContext(textAt(originals, index).split("\0")[0] ?? "");
    if (original === "") continue; // the catalogue's header
    messages.push({ original, translations: textAt(translated, index).split("\0") });
  }
  return messages;
}

/** The msgctxt stands before the original, ended by an EOT byte; KDE once wrote `_: context\n`. */
function withoutContext(original: string): string {
  return original.slice(original.indexOf("\u0004") + 1).replace(/^_:[^\n]*\n/, "");
}

/** Reads a catalogue source; fuzzy and obsolete entries are skipped. */
export function readPo(text: string): CatalogueMessage[] {
  const messages: CatalogueMessage[] = [];
  for (const entry of text.split(/\r?\n\r?\n/)) {
    if (/^#,.*fuzzy|^#~/m.test(entry)) continue;
    const original = quotedAfter(entry, /^msgid /m);
    const translation = quotedAfter(entry, /^msgstr(?:\[0\])? /m);
    if (original && translation) messages.push({ original, translations: [translation] });
  }
  return messages;
}

function quotedAfter(entry: string, keyword: RegExp): string {
  const start = keyword.exec(entry);
  if (start === null) return "";
  const lines = /^(?:"(?:[^"\\]|\\.)*"\s*)+/.exec(entry.slice(start.index + start[0].length));
  return (lines?.[0].match(/"(?:[^"\\]|\\.)*"/g) ?? [])
    .map((quoted) => quoted.slice(1, -1).replace(/\\n/g, "\n").replace(/\\(.)/g, "$1"))
    .join("");
}
