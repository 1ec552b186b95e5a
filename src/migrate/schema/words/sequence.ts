import type { Dialect } from "../../../database/address.ts";
import { WordReader } from "./word-reader.ts";

/** Numbers are decimal texts: they go beyond what a number of JavaScript holds. */
export interface SequenceFacts {
  increment: string;
  minimum: string;
  maximum: string;
  start: string;
  cache: string;
  cycle: boolean;
}

const largest: Record<string, string> = {
  smallint: "32767",
  integer: "2147483647",
  bigint: "9223372036854775807",
};

const smallest: Record<string, string> = {
  smallint: "-32768",
  integer: "-2147483648",
  bigint: "-9223372036854775808",
};

/** https://www.postgresql.org/docs/current/sql-createsequence.html, https://mariadb.com/docs/server/reference/sql-structure/sequences/create-sequence */
function usual(type: string, increment: string, dialect: Dialect): Omit<SequenceFacts, "start"> {
  const falls = increment.startsWith("-");
  const isMariadb = dialect === "mysql";
  const top = isMariadb ? "9223372036854775806" : (largest[type] ?? largest["bigint"] ?? "");
  const bottom = isMariadb ? "-9223372036854775807" : (smallest[type] ?? smallest["bigint"] ?? "");
  return {
    increment,
    minimum: falls ? bottom : "1",
    maximum: falls ? "-1" : top,
    cache: isMariadb ? "1000" : "1",
    cycle: false,
  };
}

/** The options of a sequence that are not the default, as words. */
export function sequenceWords(facts: SequenceFacts, type: string, dialect: Dialect): string {
  const common = usual(type, facts.increment, dialect);
  const start = facts.increment.startsWith("-") ? facts.maximum : facts.minimum;
  const words = [
    facts.start === start ? "" : `start with ${facts.start}`,
    facts.increment === "1" ? "" : `increment by ${facts.increment}`,
    facts.minimum === common.minimum ? "" : `minvalue ${facts.minimum}`,
    facts.maximum === common.maximum ? "" : `maxvalue ${facts.maximum}`,
    facts.cache === common.cache ? "" : `cache ${facts.cache}`,
    facts.cycle ? "cycle" : "",
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** All options of a sequence, from its words. */
export function sequenceFacts(words: string, type: string, dialect: Dialect): SequenceFacts {
  const reader = new WordReader(words, dialect);
  const found: Partial<SequenceFacts> = {};
  while (!reader.isAtEnd()) {
    if (reader.take("start with") || reader.take("start")) found.start = reader.number();
    else if (reader.take("increment by") || reader.take("increment")) {
      found.increment = reader.number();
    } else if (reader.take("minvalue")) found.minimum = reader.number();
    else if (reader.take("maxvalue")) found.maximum = reader.number();
    else if (reader.take("cache")) found.cache = reader.number();
    else if (reader.take("cycle")) found.cycle = true;
    else if (!reader.takeOne(["no cycle", "no minvalue", "no maxvalue"])) {
      throw reader.unexpected("an option of a sequence, such as start with 10");
    }
  }
  const rest = { ...usual(type, found.increment ?? "1", dialect), ...found };
  const start = rest.increment.startsWith("-") ? rest.maximum : rest.minimum;
  return { ...rest, start: found.start ?? start };
}

/** The same words for the same options, in whatever order and form they were given. */
export function settledSequenceWords(words: string, type: string, dialect: Dialect): string {
  return sequenceWords(sequenceFacts(words, type, dialect), type, dialect);
}

/** All options as SQL, as ALTER SEQUENCE needs them to undo others. */
export function sequenceSql(facts: SequenceFacts): string {
  return [
    `INCREMENT BY ${facts.increment}`,
    `MINVALUE ${facts.minimum}`,
    `MAXVALUE ${facts.maximum}`,
    `START WITH ${facts.start}`,
    `CACHE ${facts.cache}`,
    facts.cycle ? "CYCLE" : "NO CYCLE",
  ].join(" ");
}
