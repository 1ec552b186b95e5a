const namedEntities: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  laquo: "«",
  raquo: "»",
  ldquo: "“",
  rdquo: "”",
  lsquo: "‘",
  rsquo: "’",
};

function decodeEntities(text: string): string {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return namedEntities[name] ?? characterOfName(whole);
    const hexadecimal = name[1] === "x" || name[1] === "X";
    const point = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
    return point > 31 && point < 0x110000 ? String.fromCodePoint(point) : " ";
  });
}

/** Accented letters by name (`&eacute;`): base letter + combining mark, composed later by NFC. */
function characterOfName(entity: string): string {
  const parts = /^&([a-z])(acute|grave|circ|uml|tilde|cedil|caron|ring);$/i.exec(entity);
  const marks: Record<string, string> = {
    acute: "\u0301",
    grave: "\u0300",
    circ: "\u0302",
    uml: "\u0308",
    tilde: "\u0303",
    cedil: "\u0327",
    caron: "\u030c",
    ring: "\u030a",
  };
  return parts === null ? " " : `${parts[1]}${marks[parts[2]?.toLowerCase() ?? ""] ?? ""}`;
}

const skippedElements =
  "script|style|head|pre|code|screen|programlisting|literallayout|tt|kbd|samp|command|filename" +
  "|cmd|sys|input|output|var|nav|info|title|math|credit|copyright";
const blockTags =
  /<\/?(?:p|para|simpara|div|li|ul|ol|dt|dd|dl|td|th|tr|table|h\d|item|section|listitem|br|hr|note|steps|list|terms|desc|media|figure|blockquote|body|html|page|center|title)\b[^>]*>/gi;

/** The paragraphs of an HTML, Mallard or DocBook file, without code, commands and metadata. */
export function readMarkup(text: string): string[] {
  const prose = text
    .replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![^>]*>/g, " ")
    .replace(new RegExp(`<(${skippedElements})\\b[^>]*?(?:/>|>[\\s\\S]*?</\\1>)`, "gi"), " ")
    .replace(/\s+/g, " ")
    .replace(blockTags, "\n")
    .replace(/<[^>]*>/g, "");
  return decodeEntities(prose).split("\n");
}

/** The paragraphs of a manual page (groff's man macros), without headings and examples. */
export function readManualPage(text: string): string[] {
  const paragraphs: string[] = [];
  let lines: string[] = [];
  let verbatim = false;
  const close = (): void => {
    if (lines.length > 0) paragraphs.push(lines.join(" "));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const macro = /^[.']\s*(\w+)\s*(.*)$/.exec(line);
    if (macro?.[1] === "nf" || macro?.[1] === "EX") verbatim = true;
    if (macro?.[1] === "fi" || macro?.[1] === "EE") verbatim = false;
    if (verbatim) continue;
    if (macro === null) {
      if (line.trim() === "" || /^[.']/.test(line)) close();
      else lines.push(line);
    } else if (/^(?:B|I|BR|BI|IR|IB|RB|RI)$/.test(macro[1] ?? "") && lines.length > 0) {
      lines.push((macro[2] ?? "").replaceAll('"', ""));
    } else close();
  }
  close();
  return paragraphs.map(withoutRoffEscapes);
}

function withoutRoffEscapes(text: string): string {
  return text
    .replace(/\\f(?:\[\w*\]|\(..|.)/g, "")
    .replace(/\\\*?(?:\[[^\]]*\]|\(..)/g, " ")
    .replace(/\\s[-+]?\d/g, "")
    .replace(/\\[-e&|^,/%:]/g, (escape) => (escape === "\\-" ? "-" : ""))
    .replace(/\\./g, " ");
}

/** The paragraphs of a fortune file: cookies are parted by a line of one percent sign. */
export function readFortunes(text: string): string[] {
  return text.split(/^%\s*$/m).map((cookie) => cookie.replace(/\n\s*(?:--|—|–).*[\s\S]*$/, ""));
}
