import * as fc from "fast-check";
import { parse, tokenName, tokenize } from "sqlite3-parser";
import { describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import { Script } from "../../../../src/migrate/script/script.ts";
import { splitStatements } from "../../../../src/migrate/script/split.ts";
import { SqliteTokens } from "../../../../src/migrate/script/sqlite-tokens.ts";
import {
  bodiesOf,
  gaps,
  innerComment,
  nasty,
  nastyText,
  scriptOf,
  semicolonsOf,
  statementsOf,
  thrownBy,
} from "./scripts.ts";

const split = (text: string) => splitStatements(text, "sqlite");
const trigger =
  "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT end, CASE WHEN 1 THEN 2 END; SELECT 1; END";

describe("a SQLite script is split", () => {
  test.each([
    ["not in strings", "SELECT 'a;''b\\'; SELECT 2", ["SELECT 'a;''b\\'", "SELECT 2"]],
    [
      "not in names",
      'SELECT ";", `;``;`, [";`]; SELECT 2',
      ['SELECT ";", `;``;`, [";`]', "SELECT 2"],
    ],
    ["not in comments, which do not nest", "SELECT /* ; /* */ 1; --;\n", ["SELECT /* ; /* */ 1"]],
    ["not in the body of a trigger", `${trigger}; SELECT 3`, [trigger, "SELECT 3"]],
    ["with names that are words of a trigger", "SELECT end, $end FROM begin; SELECT 2", 2],
  ])("%s", (_case, text, statements) => {
    const found = split(text).map(({ sql }) => sql);
    if (typeof statements === "number") expect(found).toHaveLength(statements);
    else expect(found).toEqual(statements);
  });
});

describe("a SQLite script is refused, with the line,", () => {
  test.each([
    ["a string without an end", "SELECT 1;\nSELECT 'a;\n", 2, "string"],
    ["a name without an end", "\n\nSELECT [a", 3, "name"],
    ["a comment without an end", "SELECT 1; /* /*", 1, "comment"],
    ["a trigger without END", "CREATE TRIGGER t\nAFTER INSERT ON a BEGIN SELECT 1;\n", 2, "END"],
    ["a command of the sqlite3 program", "SELECT 1;\n.mode csv\n", 2, "sqlite3"],
    ["BEGIN", "BEGIN IMMEDIATE", 1, "BEGIN"],
    ["COMMIT", "SELECT 1;\nCOMMIT;", 2, "COMMIT"],
    ["END", "SELECT 1;\nEND TRANSACTION;", 2, "END"],
    ["ROLLBACK", "ROLLBACK", 1, "ROLLBACK"],
    ["SAVEPOINT", "SAVEPOINT a", 1, "SAVEPOINT"],
    ["RELEASE", "RELEASE a", 1, "RELEASE"],
  ])("for %s", (_case, text, line, word) => {
    const error = thrownBy(() => split(text));
    expect(error).toMatchObject({ code: "migration.invalid", exitCode: 2, details: { line } });
    expect((error as Error).message).toContain(word);
  });
});

describe("a parser of SQLite's grammar agrees", () => {
  const string = fc.oneof(
    nastyText().map((text) => `'${text.replaceAll("'", "''")}'`),
    fc.constantFrom("x'00'", "12", "0x1F", "1.5e3", ":end", "?1"),
  );
  const name = fc.oneof(
    nastyText().map((text) => `"a${text.replaceAll('"', '""')}"`),
    nastyText().map((text) => `\`a${text.replaceAll("`", "``")}\``),
    nastyText().map((text) => `[a${text.replaceAll("]", "")}]`),
    fc.constantFrom("a$$", "é", "_1", "begin", "end"),
  );
  const gap = gaps(
    innerComment.map((text) => `/*${text} ' ; */`),
    nastyText().map((text) => `--${text.replaceAll("\n", "")}\n`),
  );
  const statements = statementsOf(
    [
      "SELECT$c$s, $n AS end, ($s)$c",
      "INSERT INTO $n VALUES ($s,$c$s)",
      "CREATE$cTEMPORARY TRIGGER $n AFTER INSERT ON $n WHEN $n > 1 BEGIN$cSELECT CASE WHEN $n = $s THEN end ELSE CASE$c1 WHEN 2 THEN 3 END END$c;$cDELETE FROM $n;$cEND$c",
      "CREATE TRIGGER IF NOT EXISTS $n BEFORE UPDATE OF $n ON $n BEGIN INSERT INTO $n VALUES ($s); END",
      "CREATE TABLE $n ($n text DEFAULT '' CHECK ($n <> $s))",
    ],
    { string, name },
    gap,
  );

  test("on statements, whatever stands between and within them", () => {
    fc.assert(
      fc.property(scriptOf(statements, gap), ({ text, statements: expected }) => {
        expect(bodiesOf(text, "sqlite")).toEqual(expected.map((one) => bodiesOf(one, "sqlite")[0]));
        expect(bodiesOf(text, "sqlite")).toEqual(statementsAsParsed(text));
      }),
      { numRuns: 300 },
    );
  });

  test("on where anything has its semicolons, and on what has no end", () => {
    fc.assert(
      // Tcl's variables, `$a(b;c)`, are none that a migration could give a value.
      fc.property(
        nastyText(
          nasty.filter((piece) => piece !== "("),
          16,
        ),
        (text) => {
          // A blob that is none is an error of SQLite's own, whatever ends it.
          fc.pre(!/x'/i.test(text));
          const tokens = new SqliteTokens(new Script(text, "script.sql"));
          const found = semicolonsOf(tokens);
          expect(found instanceof Error ? null : found).toEqual(semicolonsAsScanned(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("no text makes it throw anything but a StudioError", () => {
    fc.assert(
      fc.property(nastyText(nasty, 40), (text) => {
        const error = thrownBy(() => split(text));
        if (error !== null) expect(error).toBeInstanceOf(StudioError);
      }),
      { numRuns: 3000 },
    );
  });
});

function statementsAsParsed(text: string): string[] {
  const result = parse(text);
  if (result.status !== "ok") throw new Error(result.errors.join("\n"));
  const tokens = [...tokenize(text)].map(({ span }) => span);
  return result.root.cmds.map(({ span: { offset, length } }) => {
    const own = tokens.filter((one) => one.offset >= offset && one.offset < offset + length);
    const last = own.at(-1) ?? { offset: 0, length: 0 };
    return text.slice(own[0]?.offset, last.offset + last.length);
  });
}

/** Null where something has no end. */
function semicolonsAsScanned(text: string): number[] | null {
  const found: number[] = [];
  for (const { type, text: word, span } of tokenize(text, { emitTrivia: true })) {
    const isComment = word.startsWith("/*");
    // SQLite itself takes the end of the text for the end of a comment.
    if (isComment && !/^\/\*[^]*\*\/$/.test(word)) return null;
    if (word === "/" && text.slice(span.offset) === "/*") return null;
    if (tokenName(type) === "ILLEGAL" && /^['"`[]/.test(word)) return null;
    if (tokenName(type) === "SEMI") found.push(span.offset);
  }
  return found;
}
