import type { Dialect } from "../../database/address.ts";
import type { Finding } from "./finding.ts";
import { type Bench, type JudgedMigration, type JudgedProblem, judgeMigration } from "./judge.ts";
import { KnownSchema } from "./known-schema.ts";
import type { LintedMigration } from "./migration.ts";
import { openReader } from "./reader.ts";
import { rules } from "./rules.ts";
import {
  declaredCompatible,
  declaredCompatibleProblem,
  unknownRule,
  unknownRuleProblem,
} from "./rules/unknown.ts";

export type { Finding } from "./finding.ts";
export type { LintedMigration } from "./migration.ts";

export interface LintInput {
  dialect: Dialect;
  /** In the order in which they are to be applied. */
  migrations: LintedMigration[];
  /**
   * Statements that make the schema as it is before them: read for what they say of columns, types
   * and constraints, and not judged. Without them, less is known to be safe.
   */
  present?: readonly string[];
}

export interface MigrationVerdict {
  name: string;
  /** The release before it may run on the schema after it: as declared, or as found. */
  compatible: boolean;
  declared: boolean | null;
}

export interface LintReport {
  /** In the order of the migrations and of their statements. */
  findings: Finding[];
  /** What would be findings, had the authors not allowed them. */
  allowed: Finding[];
  migrations: MigrationVerdict[];
  /** Every migration is compatible, and no error says that one blocks or fails. */
  safe: boolean;
}

/**
 * Judges migrations by their SQL, without a database: what would break the release that runs while
 * they are applied, keep it waiting, or fail. Never throws for what is in a statement.
 */
export async function lintMigrations(input: LintInput): Promise<LintReport> {
  const linter = await openLinter(input.dialect, input.present ?? []);
  const reports = input.migrations.map((migration) => linter.judge(migration));
  const findings = reports.flatMap((one) => one.findings);
  const migrations = reports.map(({ verdict }) => verdict);
  const hurts = findings.some(
    ({ level, effect }) => level === "error" && (effect === "blocks" || effect === "fails"),
  );
  return {
    findings,
    allowed: reports.flatMap((one) => one.allowed),
    migrations,
    safe: !hurts && migrations.every(({ compatible }) => compatible),
  };
}

/** Judges migrations one after the other, in the order in which they are applied. */
export interface Linter {
  judge(migration: LintedMigration): MigrationReport;
}

/** @param present as in `LintInput` */
export async function openLinter(dialect: Dialect, present: readonly string[]): Promise<Linter> {
  const bench: Bench = {
    dialect,
    rules: rules.filter((rule) => rule.dialects.includes(dialect)),
    known: new KnownSchema(dialect),
    read: await openReader(dialect),
  };
  for (const sql of present) bench.read(sql).actions.forEach((it) => bench.known.apply(it));
  bench.known.beginSet();
  return { judge: (migration) => report(judgeMigration(migration, bench)) };
}

export interface MigrationReport {
  findings: Finding[];
  allowed: Finding[];
  verdict: MigrationVerdict;
}

function report(judged: JudgedMigration): MigrationReport {
  const { migration } = judged;
  const problems = [...judged.problems, ...unknownNames(judged)];
  const isAllowed = ({ rule, statement }: JudgedProblem): boolean =>
    migration.allowed.includes(rule.name) ||
    (statement !== null && judged.statements[statement]?.allowed.includes(rule.name) === true);
  const against = problems
    .filter((problem) => !isAllowed(problem))
    .map((problem) => findingOf(judged, problem))
    .filter(({ level, effect }) => level === "error" && ["breaks", "unknown"].includes(effect));
  if (migration.compatible === true && against.length > 0) {
    const names = [...new Set(against.map(({ rule }) => rule))];
    const problem = declaredCompatibleProblem(names);
    problems.push({ ...problem, rule: declaredCompatible, statement: null });
  }
  const ordered = problems
    .map((problem) => ({ problem, place: problem.statement ?? Infinity }))
    .sort((one, other) => (one.place === other.place ? 0 : one.place - other.place))
    .map(({ problem }) => problem);
  const toFinding = (problem: JudgedProblem): Finding => findingOf(judged, problem);
  return {
    findings: ordered.filter((problem) => !isAllowed(problem)).map(toFinding),
    allowed: ordered.filter(isAllowed).map(toFinding),
    verdict: {
      name: migration.name,
      compatible: migration.compatible ?? against.length === 0,
      declared: migration.compatible,
    },
  };
}

function unknownNames({ migration, statements }: JudgedMigration): JudgedProblem[] {
  const places = [
    { statement: null, allowed: migration.allowed },
    ...statements.map(({ allowed }, statement) => ({ statement, allowed })),
  ];
  const known = rules.map(({ name }) => name);
  return places.flatMap(({ statement, allowed }) => {
    const unknown = allowed.filter((name) => !known.includes(name));
    if (unknown.length === 0) return [];
    return [{ ...unknownRuleProblem(unknown, known), rule: unknownRule, statement }];
  });
}

function findingOf({ migration, statements }: JudgedMigration, problem: JudgedProblem): Finding {
  const { rule, message, rewrite, level = rule.level } = problem;
  const statement = problem.statement === null ? undefined : statements[problem.statement];
  return {
    rule: rule.name,
    effect: rule.effect,
    level,
    migration: migration.name,
    file: migration.file,
    line: statement?.line ?? null,
    statement: statement?.excerpt ?? null,
    message,
    rewrite,
  };
}
