import * as fc from "fast-check";
import type { Dialect } from "../../../../src/database/address.ts";
import { Script } from "../../../../src/migrate/script/script.ts";
import { type FoundStatement, findStatements } from "../../../../src/migrate/script/split.ts";
import type { TokenReader } from "../../../../src/migrate/script/token.ts";

/** What a careless splitter trips over. */
export const nasty: readonly string[] = [
  "' ; \" ` [ ] $ \\ / * - # ( ) @ : . , é 0 e -- /* */ '' $$ $a$ E' e'\\' U&' \\' é$$ 1e'",
  "BEGIN END CASE IF ATOMIC x /*! //",
]
  .flatMap((pieces) => pieces.split(" "))
  .concat([" ", "\n", "\r", "\t", "-- ", "\n'", "/*!50003 ", "DELIMITER //\n"]);

export const nastyText = (pieces: readonly string[] = nasty, maxLength = 12) =>
  fc.array(fc.constantFrom(...pieces), { maxLength }).map((list) => list.join(""));

/** What is written into an example of a statement. */
export interface Literals {
  string: fc.Arbitrary<string>;
  name: fc.Arbitrary<string>;
}

/** Statements made of templates in which `$s` is a string, `$n` a name and `$c` a gap. */
export function statementsOf(
  templates: readonly string[],
  { string, name }: Literals,
  gap: fc.Arbitrary<string>,
): fc.Arbitrary<string> {
  return fc
    .constantFrom(...templates)
    .chain((template) =>
      fc
        .tuple(...template.split(/(\$[snc])/).map((part) => pieceOf(part, { string, name }, gap)))
        .map((parts) => parts.join("")),
    );
}

function pieceOf(part: string, literals: Literals, gap: fc.Arbitrary<string>) {
  if (part === "$s") return literals.string;
  if (part === "$n") return literals.name;
  return part === "$c" ? gap : fc.constant(part);
}

/** Joins statements with a semicolon and gaps, some of them empty. */
export function scriptOf(
  statements: fc.Arbitrary<string>,
  gap: fc.Arbitrary<string>,
): fc.Arbitrary<{ text: string; statements: string[] }> {
  const step = fc.tuple(gap, statements, gap, fc.constantFrom(";", ";;", "; \n ;"), gap);
  return fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => ({
    text: steps.flat().join(""),
    statements: steps.map(([, statement]) => statement),
  }));
}

/** The statements of a text from their first token to their last. */
export function bodiesOf(text: string, dialect: Dialect): string[] {
  return [...findStatements(new Script(text, "script.sql"), dialect)]
    .filter((one): one is FoundStatement => one.type === "statement")
    .map(({ body, end }) => text.slice(body, end));
}

/** Where a reader finds semicolons; the error where it refuses the text. */
export function semicolonsOf(tokens: TokenReader): number[] | Error {
  const found: number[] = [];
  try {
    for (let token = tokens.next(false); token !== null; token = tokens.next(false)) {
      if (token.text === ";") found.push(token.start);
    }
    return found;
  } catch (error) {
    return error as Error;
  }
}

export function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

/** Gaps between tokens: white space, and comments as the generators make them. */
export function gaps(...comments: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  const part = fc.oneof(fc.constantFrom(" ", "\n", "\t\r\n", "\f"), ...comments);
  return fc.array(part, { maxLength: 3 }).map((parts) => ` ${parts.join("")} `);
}

/** Without what would begin or end a comment. */
export const innerComment = nastyText().map((text) =>
  text.replaceAll(/\*+\/+|\/+\*+/g, "").replace(/[*/]+$/, ""),
);
