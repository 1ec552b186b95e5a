import { pathBytes } from "../format/path-text.ts";

/** Extended attributes of a file or folder: the value in base64 by name. */
export type ExtendedAttributes = Record<string, string>;

/**
 * What belongs to a file wherever it goes: what users set, what a program may do, and access lists.
 * Labels of SELinux belong to the machine.
 */
export function isKept(name: string): boolean {
  return (
    name.startsWith("user.") ||
    name === "security.capability" ||
    name.startsWith("system.posix_acl_")
  );
}

/**
 * Reads what `getfattr --dump --encoding=base64` prints: for each file with attributes a line
 * `# file: PATH`, one line `NAME=0sVALUE` for each, and an empty one. A backslash, a line break and,
 * in names, `=` are octal.
 * @param dump bytes as Latin 1
 * @returns attributes by the bytes of the path as Latin 1
 */
export function parseDump(dump: string): Map<string, ExtendedAttributes> {
  const found = new Map<string, ExtendedAttributes>();
  let path = "";
  for (const line of dump.split("\n")) {
    if (line.startsWith("# file: ")) {
      path = unquote(line.slice("# file: ".length));
      continue;
    }
    const [quoted = "", encoded = "0s"] = splitOnce(line);
    const name = Buffer.from(unquote(quoted), "latin1").toString("utf8");
    if (!isKept(name) || !encoded.startsWith("0s")) continue;
    found.set(path, { ...found.get(path), [name]: encoded.slice(2) });
  }
  return found;
}

/** What `setfattr --restore` reads. Paths as in path-text.ts. */
export function writeDump(
  files: Iterable<{ path: string; attributes: ExtendedAttributes }>,
): Buffer {
  let dump = "";
  for (const { path, attributes } of files) {
    dump += `# file: ${quote(path)}\n`;
    for (const [name, value] of Object.entries(attributes)) dump += `${quote(name)}=0s${value}\n`;
    dump += "\n";
  }
  return Buffer.from(dump, "latin1");
}

function splitOnce(line: string): string[] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line] : [line.slice(0, equals), line.slice(equals + 1)];
}

function quote(text: string): string {
  return pathBytes(text)
    .toString("latin1")
    .replace(/[\\\n\r=]/g, (character) => {
      return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
    });
}

function unquote(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_whole, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
