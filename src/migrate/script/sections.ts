import type { Dialect } from "../../database/address.ts";
import { type MigrationFault, faultsOf } from "../invalid-migration.ts";
import { type Directive, readDirective } from "./directive.ts";
import { isFirstOfLine } from "./scan.ts";
import { Script } from "./script.ts";
import { type FoundComment, type FoundStatement, findStatements, statementOf } from "./split.ts";
import type { ScriptStatement } from "./statement.ts";

export type SectionName = "up" | "down";

/** What a file of SQL says. */
export interface FileContent {
  up: ScriptStatement[] | null;
  down: ScriptStatement[] | null;
  /** The directives that speak of the migration as a whole. */
  whole: { directive: WholeDirective; line: number }[];
  faults: MigrationFault[];
}

export type WholeDirective = Exclude<Directive, { name: SectionName }>;

interface PlacedAllow {
  directive: Extract<Directive, { name: "allow" }>;
  comment: FoundComment;
}

/**
 * Reads a file with its sections and directives.
 * @param only of a pair, which file it is: all of it is this section; null for a file by itself
 */
export function readSections(
  file: { file: string; text: string },
  dialect: Dialect,
  only: SectionName | null,
): FileContent {
  const script = new Script(file.text, file.file);
  const reader = new SectionReader(script, only);
  try {
    const isCut = (comment: FoundComment) => reader.sectionOf(comment) !== null;
    for (const found of findStatements(script, dialect, isCut)) {
      if (found.type === "statement") reader.takeStatement(found);
      else reader.takeComment(found);
    }
    reader.settle(null);
  } catch (error) {
    const faults = faultsOf(error);
    if (faults === null) throw error;
    reader.content.faults.push(...faults);
  }
  return reader.content;
}

class SectionReader {
  readonly content: FileContent = { up: null, down: null, whole: [], faults: [] };
  readonly #script: Script;
  readonly #only: SectionName | null;
  #current: SectionName | null;
  #statements = 0;
  /** The comments since the last statement or section line. */
  #comments: FoundComment[] = [];
  /** Of those, what allows a rule. */
  #allowed: PlacedAllow[] = [];

  constructor(script: Script, only: SectionName | null) {
    this.#script = script;
    this.#only = only;
    this.#current = only;
    if (only !== null) this.content[only] = [];
  }

  /** The section that a comment begins, or null. */
  sectionOf(comment: FoundComment): SectionName | null {
    const directive = readDirective(this.#textOf(comment));
    if (directive?.name !== "up" && directive?.name !== "down") return null;
    return isFirstOfLine(this.#script.text, comment.start) ? directive.name : null;
  }

  takeComment(comment: FoundComment): void {
    const directive = readDirective(this.#textOf(comment));
    const section = this.sectionOf(comment);
    if (section !== null) return this.#begin(section, comment);
    this.#comments.push(comment);
    if (directive === null) return;
    if (directive.name === null) return this.#fault(comment, directive.reason);
    if (!isFirstOfLine(this.#script.text, comment.start)) {
      return this.#fault(comment, "-- studio: must stand on a line of its own");
    }
    if (directive.name === "up" || directive.name === "down") return;
    if (directive.name === "allow") {
      if (!comment.inside) this.#allowed.push({ directive, comment });
      else this.#fault(comment, "-- studio: allow must stand before the statement");
    } else if (this.#statements > 0 || comment.inside) {
      this.#fault(comment, `-- studio: ${directive.name} must stand before the first statement`);
    } else this.#takeWhole(directive, comment);
  }

  takeStatement(found: FoundStatement): void {
    const isFirst = this.#statements === 0;
    const own = this.#ownComments(found);
    this.settle(found, own);
    this.#statements++;
    this.#comments = [];
    // What stands apart at the head of the file speaks of the file.
    const start = isFirst ? (own[0]?.start ?? found.body) : found.start;
    const statement = statementOf(this.#script, { start, end: found.end });
    if (this.#current !== null) this.content[this.#current]?.push(statement);
    else (this.content.up ??= []).push(statement);
  }

  /**
   * Tells what allows rules for the statement that comes now, where there is one, from what does so
   * for the whole migration.
   */
  settle(statement: FoundStatement | null, own: readonly FoundComment[] = []): void {
    for (const { directive, comment } of this.#allowed.splice(0)) {
      if (statement !== null && own.includes(comment)) continue;
      if (this.#statements === 0) this.#takeWhole(directive, comment);
      else this.#fault(comment, "-- studio: allow must stand directly before a statement");
    }
  }

  #begin(section: SectionName, comment: FoundComment): void {
    this.settle(null);
    this.#comments = [];
    if (this.#only !== null) {
      return this.#fault(
        comment,
        `a file .${this.#only}.sql has no sections; that of NAME.sql has`,
      );
    }
    if (this.#current === null && this.#statements > 0) {
      this.#fault(comment, "statements stand before the first section: write -- studio: up above");
    } else if (this.content[section] !== null) {
      this.#fault(comment, `there is a section -- studio: ${section} already`);
    }
    this.content[section] ??= [];
    this.#current = section;
  }

  /** The comments right before a statement, without an empty line between. */
  #ownComments({ body }: FoundStatement): FoundComment[] {
    const own: FoundComment[] = [];
    let next = body;
    for (const comment of this.#comments.toReversed()) {
      if (comment.start > body || comment.inside) continue;
      if (/\n[^\S\n]*\n/.test(this.#script.text.slice(comment.end, next))) break;
      own.unshift(comment);
      next = comment.start;
    }
    return own;
  }

  #takeWhole(directive: WholeDirective, comment: FoundComment): void {
    const { whole } = this.content;
    const { name } = directive;
    if (this.#only === "down") {
      this.#fault(comment, `-- studio: ${name} belongs into the file .up.sql, for both`);
    } else if (name !== "allow" && whole.some((one) => one.directive.name === name)) {
      this.#fault(comment, `-- studio: ${name} stands here a second time`);
    } else whole.push({ directive, line: this.#script.lineAt(comment.start) });
  }

  #fault(comment: FoundComment, reason: string): void {
    const { file } = this.#script;
    this.content.faults.push({ file, line: this.#script.lineAt(comment.start), reason });
  }

  #textOf({ start, end }: FoundComment): string {
    return this.#script.text.slice(start, end);
  }
}
